using Agent.Bench.Measure;

namespace Agent.Bench.Latency;

/// <summary>Where the time of one change went, from what the agent's metrics grew by while nothing but that change went on.</summary>
/// <param name="Steps">Milliseconds by step, and by what was waited for.</param>
/// <param name="OwnShare">Milliseconds until the target took the change, without the waiting.</param>
internal sealed record ChangeSteps(IReadOnlyList<(string Step, double Milliseconds)> Steps, double OwnShare)
{
    private static readonly string[] StepNames = ["intake", "soa", "transfer", "journal", "apply"];
    private static readonly string[] WaitNames = ["master-soa", "master-transfer", "disk", "target-disk", "target-server"];

    /// <summary>Whether a change was seen to be served between the two.</summary>
    public static bool IsVerified(MetricsPage before, MetricsPage after) =>
        after.Since(before, "dnsagent_change_step_seconds_count{step=\"verify\"}") > 0;

    public static ChangeSteps Between(MetricsPage before, MetricsPage after)
    {
        List<(string, double)> all = [];
        double share = 0;
        foreach (string step in (string[])[.. StepNames, "verify"])
        {
            double milliseconds = Grown("dnsagent_change_step_seconds", "step", step);
            all.Add(($"step {step}", milliseconds));
            share += step == "verify" ? 0 : milliseconds;
        }

        foreach (string wait in WaitNames)
        {
            double milliseconds = Grown("dnsagent_change_wait_seconds", "for", wait);
            all.Add(($"wait {wait}", milliseconds));
            share -= milliseconds;
        }

        return new ChangeSteps(all, share);

        double Grown(string metric, string label, string value) => 1000 * after.Since(before, $"{metric}_sum{{{label}=\"{value}\"}}");
    }
}
