"""The cellar: records in, records out, never rows. The only room that knows SQLAlchemy."""
