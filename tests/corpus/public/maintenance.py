from datetime import datetime, timezone

WINDOW = (datetime(2026, 1, 1, 2, tzinfo=timezone.utc), datetime(2026, 1, 1, 3, tzinfo=timezone.utc))


def handler(event, context):
    now = datetime.now(timezone.utc)
    if WINDOW[0] <= now < WINDOW[1]:
        retry = int((WINDOW[1] - now).total_seconds())
        return {
            'status': '503',
            'statusDescription': 'Service Unavailable',
            'headers': {
                'retry-after': [{'key': 'Retry-After', 'value': str(retry)}],
                'content-type': [{'key': 'Content-Type', 'value': 'text/html; charset=utf-8'}],
            },
            'body': '<h1>Zurück um drei</h1>',
        }
    return event['Records'][0]['cf']['request']
