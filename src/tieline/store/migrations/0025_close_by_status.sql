-- Which system's status asked for the close; it goes back with the status. One a person asked for has none.
alter table engagement_close add column status_of text;
