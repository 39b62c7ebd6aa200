namespace Agent.Actors.Backends;

/// <summary>
/// How long a zone rests before each look whether its server has come to the change. A single change is mostly served within some
/// milliseconds, and somebody may wait for it: there the pauses are short and grow gently, and a large zone, which takes seconds, is seen
/// within a sixteenth of what it took. In a crowd the server is busy with the changes
/// themselves, so its zones begin with longer ones; and where the server takes changes long before it comes to them, as named does, what
/// it needed lately says when a look is worth its while: the first comes at half of that, the others a quarter apart.
/// </summary>
public sealed class LookPace
{
    /// <summary>So many zones in work at the target are a crowd whose server is judged by what it needed lately.</summary>
    public const int CrowdMin = 32;

    /// <summary>New times count an eighth, so that some zones that wait long for reasons of their own change little.</summary>
    public const int Memory = 8;

    /// <summary>Where less than this passes between a change taken and served, the first look comes at once.</summary>
    public static readonly TimeSpan SlowMin = TimeSpan.FromMilliseconds(50);

    /// <summary>No first look waits longer, whatever the server needed.</summary>
    public static readonly TimeSpan FirstMax = TimeSpan.FromSeconds(1);

    /// <summary>No other look waits longer.</summary>
    public static readonly TimeSpan PauseMax = TimeSpan.FromMilliseconds(500);

    /// <summary>As much longer is the first pause for each zone that is in work at the target.</summary>
    private static readonly TimeSpan ForEachInWork = TimeSpan.FromMilliseconds(0.2);

    private static readonly TimeSpan[] Pauses =
        [.. ((double[])[1, 1, 2, 3, 4, 6, 8, 12, 24, 48, 96, 192, 250]).Select(TimeSpan.FromMilliseconds)];

    /// <summary>
    /// Without a crowd, a look comes late by this part of what has passed at most, or by the pause with which a crowd begins.
    /// </summary>
    private const int LatenessDivisor = 16;

    /// <summary>However large the crowd, it begins here.</summary>
    private static readonly TimeSpan CrowdBegins = TimeSpan.FromMilliseconds(12);

    private TimeSpan _needed;

    /// <summary>The rest before the first look.</summary>
    /// <param name="inWork">How many zones the target has in work.</param>
    public TimeSpan BeforeFirst(int inWork) =>
        inWork < CrowdMin || _needed < SlowMin ? TimeSpan.Zero : Least(_needed / 2, FirstMax);

    /// <summary>The rest behind a look that found the change not served.</summary>
    /// <param name="looks">How many there were since the change was taken, at least one.</param>
    /// <param name="inWork">How many zones the target has in work.</param>
    /// <param name="passed">Since the change was taken.</param>
    public TimeSpan Pause(int looks, int inWork, TimeSpan passed)
    {
        TimeSpan least = ForEachInWork * inWork;
        int first = 0;
        while (Pauses[first] < least && Pauses[first] < CrowdBegins) first++;
        TimeSpan usual = Pauses[first + Math.Min(looks - 1, Pauses.Length - 1 - first)];
        if (inWork < CrowdMin) return Least(usual, Most(passed / LatenessDivisor, CrowdBegins));
        return Most(usual, Least(_needed / 4, PauseMax));
    }

    /// <summary>A change is served.</summary>
    /// <param name="unseen">For how long it was not, since the server took it.</param>
    /// <param name="seen">When it was.</param>
    public void Served(TimeSpan unseen, TimeSpan seen) => _needed += (((unseen + seen) / 2) - _needed) / Memory;

    private static TimeSpan Most(TimeSpan one, TimeSpan other) => one > other ? one : other;

    private static TimeSpan Least(TimeSpan one, TimeSpan other) => one < other ? one : other;
}
