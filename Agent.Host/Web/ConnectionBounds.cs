using System.Diagnostics.Metrics;
using System.Net;
using System.Net.Sockets;
using Agent.Actors.Telemetry;
using Agent.Host.Telemetry;
using Microsoft.AspNetCore.Connections;
using Microsoft.AspNetCore.Server.Kestrel.Core;

namespace Agent.Host.Web;

/// <summary>
/// Bounds the connections to the management interface, so that no client shuts it for the others: what says nothing is closed soon, and
/// one client has room for a part only. Probers come with a new connection each time, so nobody needs a silent one.
/// </summary>
internal sealed partial class ConnectionBounds(ILogger log)
{
    private const int Total = 1000;
    private const int PerClient = 200;
    private const int SubnetOctets = 8;

    private static readonly Counter<long> Refused = AgentMetrics.Meter.CreateCounter<long>(
        "dnsagent_management_refused_total", description: "Connections to the management interface closed for their client had too many.");

    private readonly Lock _gate = new();
    private readonly Dictionary<IPAddress, int> _open = [];
    private readonly RepeatGuard _repeats = new(TimeProvider.System);

    /// <summary>What was never counted is there as 0.</summary>
    public static void Begin() => Refused.BeginAtZero();

    public static void Apply(KestrelServerLimits limits)
    {
        limits.MaxConcurrentConnections = Total;
        limits.KeepAliveTimeout = TimeSpan.FromSeconds(10);
        limits.RequestHeadersTimeout = TimeSpan.FromSeconds(5);
    }

    /// <summary>Serves a connection, or closes it at once where its client has as many as it may.</summary>
    public async Task ServeAsync(ConnectionContext connection, ConnectionDelegate next)
    {
        IPAddress client = ClientOf(connection.RemoteEndPoint);
        if (!TryEnter(client))
        {
            Refused.Add(1);
            if (_repeats.MaySay(client.ToString())) LogRefused(log, client, PerClient);
            connection.Abort();
            return;
        }

        try
        {
            await next(connection);
        }
        finally
        {
            Leave(client);
        }
    }

    /// <summary>One host of IPv6 has all addresses of its subnet.</summary>
    private static IPAddress ClientOf(EndPoint? from)
    {
        if (from is not IPEndPoint { Address: var address }) return IPAddress.None;
        if (address.IsIPv4MappedToIPv6) return address.MapToIPv4();
        if (address.AddressFamily != AddressFamily.InterNetworkV6) return address;
        byte[] octets = address.GetAddressBytes();
        octets.AsSpan(SubnetOctets).Clear();
        return new IPAddress(octets);
    }

    private bool TryEnter(IPAddress client)
    {
        lock (_gate)
        {
            int open = _open.GetValueOrDefault(client);
            if (open >= PerClient) return false;
            _open[client] = open + 1;
            return true;
        }
    }

    private void Leave(IPAddress client)
    {
        lock (_gate)
        {
            if (--_open[client] == 0) _open.Remove(client);
        }
    }

    [LoggerMessage(EventId = 400, EventName = "management-crowded", Level = LogLevel.Warning,
        Message = "{Client} has {Connections} connections to the management interface, which is all that one client gets; more are closed")]
    private static partial void LogRefused(ILogger log, IPAddress client, int connections);
}
