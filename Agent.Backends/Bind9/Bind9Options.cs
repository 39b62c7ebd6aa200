using System.Net;
using Agent.Actors.Transfers;
using Agent.Backends.Shared;

namespace Agent.Backends.Bind9;

/// <summary>Settings of the bind9 driver.</summary>
/// <param name="ZoneDirectory">Where zone files go, under a path that named sees too; must exist, and named must be able to read
/// there.</param>
public sealed record Bind9Options(string ZoneDirectory)
{
    /// <summary>Address or name where named listens for control.</summary>
    public string Host { get; init; } = "127.0.0.1";

    /// <summary>TCP port of the control channel.</summary>
    public int Port { get; init; } = 953;

    /// <summary>A file with the key, such as /etc/bind/rndc.key; read again before each connection.</summary>
    public string? KeyFile { get; init; }

    /// <summary>Which key of <see cref="KeyFile"/>, or what the given key is called.</summary>
    public string? KeyName { get; init; }

    /// <summary>The algorithm of a key given here instead of in a file.</summary>
    public string KeyAlgorithm { get; init; } = "hmac-sha256";

    /// <summary>The secret of a key given here instead of in a file, base64.</summary>
    public string? KeySecret { get; init; }

    /// <summary>The view that the zones belong to; null when named has no views of its own: no others are touched then.</summary>
    public string? View { get; init; }

    /// <summary>Statements for every zone in the syntax of named.conf, such as <c>allow-transfer { any; };</c>.</summary>
    public string ZoneOptions { get; init; } = "";

    /// <summary>Statements of some zones, which stand in the place of <see cref="ZoneOptions"/>.</summary>
    public IReadOnlyList<(ZonePattern Zones, string ZoneOptions)> Templates { get; init; } = [];

    /// <summary>Where named answers DNS; null for port 53 of <see cref="Host"/>.</summary>
    public EndPoint? Server { get; init; }

    /// <summary>Where named shows its statistics, such as <c>http://127.0.0.1:8053</c>, and with them its zones; null when it does
    /// not.</summary>
    public Uri? Statistics { get; init; }

    /// <summary>From whom named transfers the zones itself; null when it is given their content.</summary>
    public TransferSource? Secondary { get; init; }

    /// <summary>
    /// From which size on, in octets of its records, a zone's file is raw and the zone is brought in without stopping named.
    /// </summary>
    public long LargeZoneBytes { get; init; } = 1 << 20;
}
