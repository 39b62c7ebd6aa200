using System.Diagnostics;

namespace Agent.Bench.Peers;

/// <summary>Waiting for real processes: always on a condition, always with a deadline that only bounds a failure.</summary>
public static class Eventually
{
    public static readonly TimeSpan Deadline = TimeSpan.FromSeconds(30);

    private static readonly TimeSpan Interval = TimeSpan.FromMilliseconds(20);

    /// <summary>Asks until <paramref name="condition"/> holds; at the deadline it fails with <paramref name="describe"/>.</summary>
    public static async Task HoldsAsync(Func<Task<bool>> condition, Func<string> describe, TimeSpan? deadline = null)
    {
        TimeSpan limit = deadline ?? Deadline;
        long start = Stopwatch.GetTimestamp();
        using PeriodicTimer pace = new(Interval);
        while (!await condition())
        {
            if (Stopwatch.GetElapsedTime(start) > limit)
            {
                throw new TimeoutException($"not within {limit.TotalSeconds} s: {describe()}");
            }

            await pace.WaitForNextTickAsync();
        }
    }

    public static Task HoldsAsync(Func<bool> condition, Func<string> describe, TimeSpan? deadline = null) =>
        HoldsAsync(() => Task.FromResult(condition()), describe, deadline);
}
