using Agent.Bench.Chaos;

namespace Agent.Tests.Chaos;

/// <summary>Some rounds of faults on real programs; <c>Agent.Bench -- chaos</c> runs as many as are wanted.</summary>
public sealed class ChaosTests
{
    /// <summary>Together they have every kind of fault.</summary>
    private static readonly int[] Seeds = [6, 8105, 36689];

    [Fact]
    [Trait("Category", "Peer")]
    public async Task What_was_answered_holds_whatever_dies_stands_still_or_is_cut_off()
    {
        List<string> problems = [];
        string output = "";
        await foreach (ChaosRoundResult result in ChaosRound.RunAsync(Seeds, onFailure: KeepAsync))
        {
            bool wasAsked = result.SerialsSeen > 0 && result.Answers.Count > 0;
            if (result.Problems.Count == 0 && wasAsked) continue;
            problems.Add($"seed {result.Seed} ({result.Replay}): {string.Join("; ", result.Schedule)}");
            if (!wasAsked) problems.Add($"{result.SerialsSeen} serials were seen, answers: {string.Join(", ", result.Answers)}");
            problems.AddRange(result.Problems);
            problems.AddRange(result.Log);
        }

        Assert.True(problems.Count == 0, $"{string.Join('\n', problems)}\n{output}");

        Task KeepAsync(int seed, string all)
        {
            output += all;
            return Task.CompletedTask;
        }
    }

    [Fact]
    public void The_rounds_of_this_suite_have_every_kind_of_fault() =>
        Assert.Empty(Enum.GetValues<FaultKind>().Except(Seeds.SelectMany(ChaosSchedule.Draw).Select(fault => fault.Kind)));
}
