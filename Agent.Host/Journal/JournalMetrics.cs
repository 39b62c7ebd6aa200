using System.Diagnostics.Metrics;
using Agent.Actors.Telemetry;

namespace Agent.Host.Journal;

/// <summary>What is counted of the journal.</summary>
internal static class JournalMetrics
{
    /// <summary>Time to make a batch durable.</summary>
    public static readonly Histogram<double> AppendSeconds = AgentMetrics.Meter.CreateHistogram<double>(
        "dnsagent_journal_append_seconds", "s", "Time to make a batch of entries durable.");

    /// <summary>Entries made durable.</summary>
    public static readonly Counter<long> Entries = AgentMetrics.Meter.CreateCounter<long>(
        "dnsagent_journal_entries_total", description: "Entries made durable.");

    /// <summary>Requests that the database failed.</summary>
    public static readonly Counter<long> Errors = AgentMetrics.Meter.CreateCounter<long>(
        "dnsagent_sql_errors_total", description: "Requests to the journal that its database or its files failed.");

    /// <summary>Requests waiting for the journal's thread.</summary>
    public static readonly UpDownCounter<long> Waiting = AgentMetrics.Meter.CreateUpDownCounter<long>(
        "dnsagent_journal_lag_events", description: "Requests waiting for the journal.");

    /// <summary>Makes the series appear before anything has happened.</summary>
    public static void Begin()
    {
        Entries.BeginAtZero();
        Errors.BeginAtZero();
        Waiting.Add(0);
    }
}
