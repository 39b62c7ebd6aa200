using System.Data.Common;
using System.Net;

namespace Agent.Backends.PowerDnsSql;

/// <summary>Settings of the powerdns-sql driver.</summary>
/// <param name="Connect">Makes a connection to the database of PowerDNS, not opened yet. Which library does that is the caller's
/// choice.</param>
/// <param name="Control">Path of pdns_server's control socket.</param>
/// <param name="Server">Where PowerDNS answers DNS.</param>
public sealed record PowerDnsSqlOptions(Func<DbConnection> Connect, string Control, EndPoint Server)
{
    /// <summary>What a SELECT has at its end so that nobody else changes the row before the transaction ends; empty where a transaction
    /// shuts out all others.</summary>
    public string RowLock { get; init; } = "FOR UPDATE";

    /// <summary>Transactions that may change something at a time.</summary>
    public int ConcurrentChanges { get; init; } = 8;

    /// <summary>Whether PowerDNS notifies its secondaries of the zones.</summary>
    public bool IsPrimary { get; init; }
}
