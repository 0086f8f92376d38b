def handler(event, context):
    return {"status": "200", "body": __name__}
