using Agent.Bench.Peers;

namespace Agent.Tests.Backends.PowerDnsSql;

/// <summary>A pdns_server over one of the databases.</summary>
public interface ISqlServer
{
    PowerDnsTarget Server { get; }
}
