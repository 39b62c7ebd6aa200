using Agent.Bench.Measure;
using Agent.Bench.Peers;

namespace Agent.Bench.Endure;

/// <summary>
/// Whether a process stays as large as it is: a line through the second half of all samples, after whatever warms up, must not rise by
/// more than a collector and a busy machine move by themselves.
/// </summary>
internal sealed class Steadiness(IReadOnlyList<ProcessSample> samples)
{
    private const double Mebibyte = 1 << 20;
    private const double ShareMax = 0.05;

    private static readonly (string What, string Unit, Func<ProcessSample, double> Value, double Slack)[] Measures =
    [
        ("resident memory", "MiB", sample => sample.ResidentBytes / Mebibyte, 8),
        ("managed heap, garbage included", "MiB", sample => sample.HeapBytes / Mebibyte, 8),
        ("descriptors", "open", sample => sample.Descriptors, 5),
        ("threads", "running", sample => sample.Threads, 5),
    ];

    /// <summary>Puts every sample and every rise into the report, which has failed if one is too much.</summary>
    public void Into(BenchReport report, string subject)
    {
        foreach ((string what, string unit, Func<ProcessSample, double> value, double slack) in Measures)
        {
            double[] later = [.. samples.Skip(samples.Count / 2).Select(value)];
            Samples all = report.Of(subject, what, unit);
            all.AddRange(samples.Select(value));
            double rise = Trend.Rise(later);
            double most = slack + (ShareMax * later.Average());
            report.AddRatio($"{what}: rise over the second half, {unit}", rise, FormattableString.Invariant($"at most {most:0.0}"));
            report.HasFailed |= rise > most;
        }
    }
}
