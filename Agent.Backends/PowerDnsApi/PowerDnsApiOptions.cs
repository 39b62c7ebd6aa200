using System.Net;
using Agent.Backends.Shared;

namespace Agent.Backends.PowerDnsApi;

/// <summary>Settings of the powerdns-api driver.</summary>
/// <param name="Url">Where the web server of PowerDNS is, without <c>/api</c>.</param>
/// <param name="ApiKey">The <c>api-key</c> of pdns.conf.</param>
/// <param name="Server">Where PowerDNS answers DNS.</param>
public sealed record PowerDnsApiOptions(Uri Url, string ApiKey, EndPoint Server)
{
    /// <summary>Which server of the API; PowerDNS itself knows one name only.</summary>
    public string ServerId { get; init; } = "localhost";

    /// <summary>Whether PowerDNS notifies its secondaries of the zones.</summary>
    public bool IsPrimary { get; init; }

    /// <summary>From whom PowerDNS transfers the zones itself; null when it is given their content.</summary>
    public TransferSource? Secondary { get; init; }

    /// <summary>Path of pdns_server's control socket, over which zones are forgotten, many by one command; null when the API is asked for
    /// each.</summary>
    public string? Control { get; init; }

    /// <summary>The most octets of a request, beside one set of records: below the least that <c>webserver-max-bodysize</c> can
    /// be.</summary>
    public int RequestBytesMax { get; init; } = 900_000;
}
