using System.Diagnostics.Metrics;
using Agent.Actors.Telemetry;

namespace Agent.Host.Transfers;

/// <summary>What is counted of transfers to others and of the NOTIFYs that announce them.</summary>
internal static class OutgoingMetrics
{
    private static readonly Counter<long> Transfers = AgentMetrics.Meter.CreateCounter<long>(
        "dnsagent_xfr_out_total", description: "Transfers to others, by type and result.");

    private static readonly Counter<long> Bytes = AgentMetrics.Meter.CreateCounter<long>(
        "dnsagent_xfr_out_bytes_total", "By", "Octets of transfer messages sent.");

    private static readonly Counter<long> Notifies = AgentMetrics.Meter.CreateCounter<long>(
        "dnsagent_notify_out_total", description: "NOTIFYs sent, by result of each sending.");

    /// <summary>Makes the series appear before anything has happened.</summary>
    public static void Begin()
    {
        Transfers.BeginAtZero("type", ["axfr", "ixfr", "ixfr_axfr_style"], "result", ["done", "failed", "client_gone"]);
        Transfers.Add(0, new("type", "none"), new KeyValuePair<string, object?>("result", "shed"));
        Transfers.Add(0, new("type", "soa"), new KeyValuePair<string, object?>("result", "done"));
        Bytes.BeginAtZero();
        Notifies.BeginAtZero("result", "done", "refused", "no_answer");
    }

    public static void Transferred(string type, string result, long bytes)
    {
        Transfers.Add(1, new("type", type), new KeyValuePair<string, object?>("result", result));
        Bytes.Add(bytes);
    }

    public static void Notified(string result) => Notifies.Add(1, new KeyValuePair<string, object?>("result", result));
}
