using System.Diagnostics.Metrics;

namespace Agent.Actors.Telemetry;

/// <summary>The instruments of the agent, under the names that monitoring sees.</summary>
/// <remarks>One meter for the process. Label values come from small fixed sets; nothing that a client can choose becomes a label.</remarks>
public static class AgentMetrics
{
    /// <summary>The meter's name, which exporters subscribe to.</summary>
    public const string MeterName = "Agent";

    /// <summary>The meter.</summary>
    public static Meter Meter { get; } = new(MeterName);

    /// <summary>Requests not served for want of room, by reason.</summary>
    public static Counter<long> IntakeShed { get; } = Meter.CreateCounter<long>(
        "dnsagent_intake_shed_total", description: "Requests refused or left out to stay within limits, by reason.");

    /// <summary>Requests that we answer ourselves, by what their cookie is worth.</summary>
    public static Counter<long> Cookies { get; } = Meter.CreateCounter<long>(
        "dnsagent_cookies_total", description: "Requests with a DNS cookie that are answered here, by what it is worth.");

    /// <summary>CREATE, DELETE and NOTIFY handed over and not answered yet.</summary>
    public static UpDownCounter<long> IntakeQueueDepth { get; } = Meter.CreateUpDownCounter<long>(
        "dnsagent_intake_queue_depth", description: "Control requests handed over and not answered yet.");

    /// <summary>CREATE and DELETE answered, by operation and result.</summary>
    public static Counter<long> Control { get; } = Meter.CreateCounter<long>(
        "dnsagent_control_total", description: "CREATE and DELETE answered, by operation and result.");

    /// <summary>NOTIFYs, by what became of them.</summary>
    public static Counter<long> NotifyReceived { get; } = Meter.CreateCounter<long>(
        "dnsagent_notify_received_total", description: "NOTIFYs received, by result.");

    /// <summary>Queries passed on and not answered yet.</summary>
    public static UpDownCounter<long> RelayOpen { get; } = Meter.CreateUpDownCounter<long>(
        "dnsagent_relay_open", description: "Queries passed on and not answered yet.");

    /// <summary>Relayed queries that ended without the server's answer, and answers that fit no query, by reason.</summary>
    public static Counter<long> RelayFailures { get; } = Meter.CreateCounter<long>(
        "dnsagent_relay_failures_total", description: "Relayed queries without an answer and answers without a query, by reason.");

    /// <summary>Zones with work, or resting since so short a time that they are still actors; all others are rows.</summary>
    public static UpDownCounter<long> ZoneActors { get; } = Meter.CreateUpDownCounter<long>(
        "dnsagent_zone_actors", description: "Zones in motion or lately so; all others are rows.");

    /// <summary>TCP connections that clients hold open.</summary>
    public static UpDownCounter<long> TcpConnections { get; } = Meter.CreateUpDownCounter<long>(
        "dnsagent_tcp_connections", description: "TCP connections that clients hold open.");

    /// <summary>Counts a request that was left out.</summary>
    public static void CountShed(string reason) => IntakeShed.Add(1, new KeyValuePair<string, object?>("reason", reason));

    /// <summary>Counts a request by what its cookie is worth.</summary>
    public static void CountCookie(string result) => Cookies.Add(1, new KeyValuePair<string, object?>("result", result));

    /// <summary>Counts a failure of the relay.</summary>
    public static void CountRelayFailure(string reason) => RelayFailures.Add(1, new KeyValuePair<string, object?>("reason", reason));
}
