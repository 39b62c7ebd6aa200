using System.Globalization;
using Agent.Actors.Kernel.Simulation;
using Xunit.Sdk;

namespace Agent.Tests.TestKit;

/// <summary>Runs a simulated test under many seeds, and says which seed failed. How to replay:
/// <c>Agent.Tests/Simulation/SEEDS.md</c>.</summary>
public static class SimSeeds
{
    private const int RepeatOneIn = 20;

    /// <summary>Runs the body with <paramref name="count"/> seeds, or with the one in <c>AGENT_SEED</c>.</summary>
    public static void ForEach(int count, Action<ulong> body)
    {
        ArgumentNullException.ThrowIfNull(body);
        foreach (ulong seed in Seeds(count)) Run(seed, body);
    }

    /// <summary>As <see cref="ForEach(int, Action{ulong})"/>; the body returns its unseed, and one seed in twenty runs twice and must
    /// return the same.</summary>
    public static void ForEach(int count, Func<ulong, ulong> body)
    {
        ArgumentNullException.ThrowIfNull(body);
        int index = 0;
        foreach (ulong seed in Seeds(count))
        {
            ulong unseed = 0;
            Run(seed, s => unseed = body(s));
            if (index++ % RepeatOneIn != 0) continue;
            ulong again = 0;
            Run(seed, s => again = body(s));
            if (again != unseed) throw new XunitException($"seed {seed} is not repeatable: unseed {unseed:x16}, then {again:x16}");
        }
    }

    /// <summary>The options that the seed draws, with faults off when <c>AGENT_SEED_BUGGIFY=off</c>.</summary>
    public static SimOptions Swarm(ulong seed)
    {
        SimOptions options = SimOptions.Swarm(seed);
        return Environment.GetEnvironmentVariable("AGENT_SEED_BUGGIFY") == "off" ? options with { Buggify = false } : options;
    }

    private static IEnumerable<ulong> Seeds(int count)
    {
        if (Read("AGENT_SEED") is { } single)
        {
            yield return single;
            yield break;
        }
        // The same seeds every time, so that a red build stays red; the nightly run moves the base and multiplies the count.
        ulong start = Read("AGENT_SEED_BASE") ?? 1;
        ulong factor = Read("AGENT_SEED_FACTOR") ?? 1;
        for (ulong i = 0; i < (ulong)count * factor; i++) yield return start + i;
    }

    private static void Run(ulong seed, Action<ulong> body)
    {
        try
        {
            body(seed);
        }
        catch (Exception cause)
        {
            throw new XunitException($"seed {seed} failed; replay it with AGENT_SEED={seed}\n{cause.Message}", cause);
        }
    }

    private static ulong? Read(string variable) =>
        ulong.TryParse(Environment.GetEnvironmentVariable(variable), NumberStyles.None, CultureInfo.InvariantCulture, out ulong value)
            ? value
            : null;
}
