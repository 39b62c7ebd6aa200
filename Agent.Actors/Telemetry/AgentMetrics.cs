using System.Diagnostics.Metrics;

namespace Agent.Actors.Telemetry;

/// <summary>The instruments of the agent, under the names that monitoring sees.</summary>
/// <remarks>One meter for the process. Label values come from small fixed sets; nothing that a client can choose becomes a label.</remarks>
public static class AgentMetrics
{
    // In the order of the enumerations.
    private static readonly string[] ShedReasons =
    [
        "credits", "sink", "unanswered", "error_rate", "notify_rate", "tcp_stalled", "tcp_total", "tcp_idle", "tcp_message_too_long",
        "tcp_connections", "descriptors", "worker_error",
    ];

    private static readonly string[] NotifyResults = ["accepted", "refused", "unknown_zone", "failed", "ignored"];

    private static readonly KeyValuePair<string, object?>[] ShedTags = [.. ShedReasons.Select(TagOf("reason"))];
    private static readonly KeyValuePair<string, object?>[] NotifyTags = [.. NotifyResults.Select(TagOf("result"))];

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

    /// <summary>Makes the series appear before anything has happened.</summary>
    public static void Begin()
    {
        IntakeShed.BeginAtZero("reason", ShedReasons);
        Cookies.BeginAtZero("result", "good", "bad", "new");
        Control.BeginAtZero("op", ["create", "delete"], "result", ["ok", "failed", "refused"]);
        NotifyReceived.BeginAtZero("result", NotifyResults);
        RelayFailures.BeginAtZero("reason", "table_full", "no_open_query", "timeout", "unreachable", "upstream_closed");
        IntakeQueueDepth.Add(0);
        RelayOpen.Add(0);
        ZoneActors.Add(0);
        TcpConnections.Add(0);
    }

    /// <summary>Counts a request that was left out.</summary>
    public static void CountShed(ShedReason reason) => IntakeShed.Add(1, ShedTags[(int)reason]);

    /// <summary>Counts a NOTIFY by what became of it.</summary>
    public static void CountNotify(NotifyResult result) => NotifyReceived.Add(1, NotifyTags[(int)result]);

    /// <summary>Counts a request by what its cookie is worth.</summary>
    public static void CountCookie(string result) => Cookies.Add(1, new KeyValuePair<string, object?>("result", result));

    /// <summary>Counts a failure of the relay.</summary>
    public static void CountRelayFailure(string reason) => RelayFailures.Add(1, new KeyValuePair<string, object?>("reason", reason));

    private static Func<string, KeyValuePair<string, object?>> TagOf(string label) =>
        value => new KeyValuePair<string, object?>(label, value);
}
