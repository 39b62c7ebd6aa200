using System.Diagnostics;
using System.Diagnostics.Metrics;
using Agent.Actors.Telemetry;
using Agent.Actors.Transfers;

namespace Agent.Host.Transfers;

/// <summary>What is counted of transfers and SOA questions. Label values come from enumerations only.</summary>
internal static class TransferMetrics
{
    private static readonly Counter<long> Transfers = AgentMetrics.Meter.CreateCounter<long>(
        "dnsagent_xfr_total", description: "Transfers ended, by type, result, reason and transport.");

    private static readonly Histogram<double> Duration = AgentMetrics.Meter.CreateHistogram<double>(
        "dnsagent_xfr_duration_seconds", "s", "Time of whole transfers, by result.");

    private static readonly Counter<long> Bytes = AgentMetrics.Meter.CreateCounter<long>(
        "dnsagent_xfr_bytes_total", "By", "Bytes of transfer messages received.");

    private static readonly Counter<long> Records = AgentMetrics.Meter.CreateCounter<long>(
        "dnsagent_xfr_records_total", description: "Records of complete transfers.");

    private static readonly UpDownCounter<long> InFlight = AgentMetrics.Meter.CreateUpDownCounter<long>(
        "dnsagent_xfr_in_flight", description: "Transfers under way.");

    private static readonly Counter<long> SoaChecks = AgentMetrics.Meter.CreateCounter<long>(
        "dnsagent_soa_checks_total", description: "SOA questions to masters, by result.");

    /// <summary>Makes the series appear before anything has happened.</summary>
    public static void Begin()
    {
        foreach (TransferKind kind in Enum.GetValues<TransferKind>())
        {
            Transfers.Add(0, TagsOf(kind, "done", "none"));
            foreach (TransferFailure failure in Enum.GetValues<TransferFailure>()) Transfers.Add(0, TagsOf(kind, "failed", Word(failure)));
        }

        Bytes.BeginAtZero();
        Records.BeginAtZero();
        InFlight.Add(0);
        SoaChecks.BeginAtZero("result", [.. Enum.GetValues<SoaOutcome>().Select(Word)]);
    }

    public static void Started() => InFlight.Add(1);

    public static void Ended(object? final, TransferStatistics statistics)
    {
        InFlight.Add(-1);
        string result = final is TransferCompleted ? "done" : "failed";
        string reason = final is TransferFailed failed ? Word(failed.Failure) : "none";
        Transfers.Add(1, TagsOf(statistics.Kind, result, reason));
        Duration.Record(statistics.Duration.TotalSeconds, new KeyValuePair<string, object?>("result", result));
        Bytes.Add(statistics.Bytes);
        if (final is TransferCompleted)
            Records.Add(statistics.Records);
    }

    public static void SoaAnswered(SoaOutcome outcome) => SoaChecks.Add(1, new KeyValuePair<string, object?>("result", Word(outcome)));

    private static TagList TagsOf(TransferKind kind, string result, string reason) =>
        new([new("type", Word(kind)), new("result", result), new("reason", reason), new("transport", "tcp")]);

    /// <summary>The word for what a master said.</summary>
    public static string Word(SoaOutcome outcome) => outcome switch
    {
        SoaOutcome.Serial => "serial",
        SoaOutcome.Absent => "absent",
        SoaOutcome.CannotTell => "cannot_tell",
        _ => "unreachable",
    };

    private static string Word(TransferKind kind) => kind switch
    {
        TransferKind.Ixfr => "ixfr",
        TransferKind.AxfrStyleIxfr => "ixfr_axfr_style",
        _ => "axfr",
    };

    private static string Word(TransferFailure failure) => failure switch
    {
        TransferFailure.Unreachable => "unreachable",
        TransferFailure.Refused => "refused",
        TransferFailure.Busy => "busy",
        TransferFailure.Broken or TransferFailure.HungUp => "broken",
        TransferFailure.TooLarge => "too_large",
        TransferFailure.NothingNewer => "nothing_newer",
        _ => "given_up",
    };
}
