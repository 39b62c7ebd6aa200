"""Designate without its bus: MiniDNS over SQLite, and what the worker does with one target. It listens for
orders, one a line in JSON, and answers each with a line."""
import os

os.environ['EVENTLET_NO_GREENDNS'] = 'yes'

import designate.cmd  # noqa: F401  first: it patches sockets and threads as the services have them
import json
import socket
import sys

import dns.exception
from oslo_log import log as logging
import sqlalchemy

import designate.conf
from designate import backend
from designate import context as contexts
from designate import exceptions
from designate import objects
from designate import rpc
from designate import utils
from designate.mdns import service as mdns
from designate.storage.impl_sqlalchemy import tables
from designate.worker.tasks import zone as worker

CONF = designate.conf.CONF
CONTEXT = None
POOL_ID = CONF['service:central'].default_pool_id
TARGETS = {}
SETTINGS = '''
[DEFAULT]
transport_url = fake:/
use_stderr = true
state_path = {folder}
[storage:sqlalchemy]
connection = sqlite:///{folder}/designate.sqlite
[service:mdns]
listen = 127.0.0.1:{port}
[service:worker]
poll_timeout = 20
'''


def start(folder, port):
    global CONTEXT
    file = os.path.join(folder, 'designate.conf')
    with open(file, 'w', encoding='utf-8') as out:
        out.write(SETTINGS.format(folder=folder, port=port))
    utils.read_config('designate', ['rig', '--config-file', file])
    logging.setup(CONF, 'designate')
    rpc.init(CONF)
    tables.metadata.create_all(sqlalchemy.create_engine(f'sqlite:///{folder}/designate.sqlite'))
    CONTEXT = contexts.DesignateContext.get_admin_context()
    CONTEXT._all_tenants = True
    service = mdns.Service()
    service.start()
    return service


def set_zone(storage, name, serial, hosts):
    """A zone with NS and a number of addresses, new or in place of what was there."""
    remove_zone(storage, name)
    zone = storage.create_zone(CONTEXT, objects.Zone(
        name=name, email='hostmaster@example.com', serial=serial, pool_id=POOL_ID, tenant_id='rig', type='PRIMARY', ttl=300,
        refresh=3600, retry=600, expire=86400, minimum=300, status='ACTIVE', action='NONE', attributes=objects.ZoneAttributeList()))
    soa = f'ns1.{name} hostmaster.{name} {serial} 3600 600 86400 300'
    sets = [(name, 'SOA', [soa]), (name, 'NS', [f'ns1.{name}'])]
    sets += [(f'host{i}.{name}', 'A', [f'192.0.2.{1 + i}']) for i in range(hosts)]
    for owner, rdtype, data in sets:
        records = objects.RecordList(objects=[objects.Record(data=item, managed=False) for item in data])
        storage.create_recordset(CONTEXT, zone.id, objects.RecordSet(name=owner, type=rdtype, ttl=300, records=records))


def remove_zone(storage, name):
    for zone in storage.find_zones(CONTEXT, {'name': name}):
        storage.delete_zone(CONTEXT, zone.id)


def target_of(options):
    key = json.dumps(options, sort_keys=True)
    if key not in TARGETS:
        rows = [objects.PoolTargetOption(key=name, value=value) for name, value in options.items()]
        target = objects.PoolTarget(
            type='zone_agent', options=objects.PoolTargetOptionList(objects=rows), masters=objects.PoolTargetMasterList())
        target.backend = backend.get_backend(target)
        TARGETS[key] = target
    return TARGETS[key]


def act(action, name, options):
    """As ZoneActionOnTarget does it, once, with the exception for an answer."""
    try:
        target = target_of(options)
        zone = objects.Zone(name=name)
        getattr(target.backend, f'{action}_zone')(CONTEXT, zone)
        if action != 'delete':
            worker.SendNotify(None, zone, target)()
    except (exceptions.Backend, exceptions.ConfigurationError, dns.exception.Timeout) as fault:
        return {'error': str(fault)}
    return {'host': target.options.get('host'), 'port': target.options.get('port')}


def obey(storage, order):
    if order['do'] == 'set':
        set_zone(storage, order['zone'], order['serial'], order['hosts'])
        return {}
    if order['do'] == 'remove':
        remove_zone(storage, order['zone'])
        return {}
    return act(order['do'], order['zone'], order['options'])


def main():
    service = start(folder=sys.argv[1], port=int(sys.argv[2]))
    listener = socket.create_server(('127.0.0.1', 0))
    print('orders', listener.getsockname()[1], flush=True)
    orders = listener.accept()[0].makefile('rw', encoding='utf-8')
    for line in orders:
        orders.write(json.dumps(obey(service.storage, json.loads(line))) + '\n')
        orders.flush()
    service.stop(graceful=False)


main()
