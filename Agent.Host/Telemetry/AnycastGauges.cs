using System.Diagnostics.Metrics;
using Agent.Actors.Anycast;
using Agent.Actors.Telemetry;

namespace Agent.Host.Telemetry;

/// <summary>Shows the last decision about anycast when somebody looks.</summary>
/// <remarks>One per process: instruments cannot be taken back.</remarks>
internal static class AnycastGauges
{
    public static void Show(AnycastBoard board)
    {
        Meter meter = AgentMetrics.Meter;
        meter.CreateObservableGauge(
            "dnsagent_anycast_announced",
            () => board.Status is { IsAnnounced: true } ? 1 : 0,
            description: "1 while the node attracts traffic.");
        meter.CreateObservableGauge(
            "dnsagent_anycast_shown",
            () => board.Status is { IsShown: true } ? 1 : 0,
            description: "1 while routers have been told what was decided.");
        meter.CreateObservableGauge(
            "dnsagent_anycast_metric", () => board.Status?.Metric ?? 0, description: "Metric of the routes; the lower the better.");
        meter.CreateObservableGauge(
            "dnsagent_anycast_owed_seconds",
            () => board.Status?.Facts.OwedFor?.TotalSeconds ?? 0,
            "s",
            "Age of the oldest change that a server of this node has not been seen to serve.");
        meter.CreateObservableGauge(
            "dnsagent_anycast_owed_zones", () => board.Status?.Facts.Owed ?? 0, description: "Zones that a server of this node owes.");
        meter.CreateObservableGauge(
            "dnsagent_anycast_announcers",
            () => board.Status?.Announcers.Length ?? 0,
            description: "Nodes of the cluster that are known to attract traffic.");
        meter.CreateObservableGauge(
            "dnsagent_anycast_reason",
            () => Reasons(board),
            description: "What speaks against the node, or keeps it announced, by reason.");
    }

    private static IEnumerable<Measurement<int>> Reasons(AnycastBoard board) =>
        (board.Status?.Reasons ?? []).Select(reason => reason.Code).Distinct(StringComparer.Ordinal)
            .Select(code => new Measurement<int>(1, new KeyValuePair<string, object?>("reason", code)));
}
