using System.Diagnostics.Metrics;
using Agent.Actors.Telemetry;

namespace Agent.Host.Etcd;

/// <summary>What is counted of the requests to etcd. Label values come from this folder only.</summary>
internal static class EtcdMetrics
{
    private static readonly Counter<long> Requests = AgentMetrics.Meter.CreateCounter<long>(
        "dnsagent_etcd_requests_total", description: "Requests to etcd, by operation and outcome.");

    private static readonly Histogram<double> Seconds = AgentMetrics.Meter.CreateHistogram<double>(
        "dnsagent_etcd_request_seconds", "s", "Time of requests to etcd, by operation.");

    /// <summary>Watches under way.</summary>
    public static readonly UpDownCounter<long> Watches = AgentMetrics.Meter.CreateUpDownCounter<long>(
        "dnsagent_etcd_watches", description: "Watches of etcd under way.");

    /// <summary>Watches that ended without being stopped.</summary>
    public static readonly Counter<long> WatchesEnded = AgentMetrics.Meter.CreateCounter<long>(
        "dnsagent_etcd_watches_ended_total", description: "Watches of etcd that ended by themselves.");

    /// <summary>Endpoints that failed after they had been in order.</summary>
    public static readonly Counter<long> EndpointFailures = AgentMetrics.Meter.CreateCounter<long>(
        "dnsagent_etcd_endpoint_failures_total", description: "Endpoints of etcd that were in order and failed.");

    private static readonly string[] Operations =
        ["authenticate", "grant", "keepalive", "probe", "range", "revoke", "status", "txn", "watch"];

    /// <summary>Makes the series appear before anything has happened.</summary>
    public static void Begin()
    {
        Requests.BeginAtZero("op", Operations, "outcome", ["ok", "not_sent", "refused", "open"]);
        Watches.Add(0);
        WatchesEnded.BeginAtZero();
        EndpointFailures.BeginAtZero();
    }

    public static void Count(string operation, EtcdOutcome? failure, TimeSpan took)
    {
        Requests.Add(1, new("op", operation), new KeyValuePair<string, object?>("outcome", failure switch
        {
            null => "ok",
            EtcdOutcome.NotSent => "not_sent",
            EtcdOutcome.Refused => "refused",
            _ => "open",
        }));
        Seconds.Record(took.TotalSeconds, new KeyValuePair<string, object?>("op", operation));
    }
}
