namespace Agent.Actors.Backends;

/// <summary>
/// How long a zone rests between two looks whether its server has come to the change. A single change is mostly served within some
/// milliseconds, and somebody may wait for it: there the pauses are short and grow gently. In a crowd the server is busy with the changes
/// themselves, so its zones begin with longer ones, and are looked at less often all together than so many single changes would be.
/// </summary>
public static class LookPace
{
    /// <summary>As much longer is the first pause for each zone that is in work at the target.</summary>
    private static readonly TimeSpan ForEachInWork = TimeSpan.FromMilliseconds(0.2);

    private static readonly TimeSpan[] Pauses =
        [.. ((double[])[1, 1, 2, 3, 4, 6, 8, 12, 24, 48, 96, 192, 250]).Select(TimeSpan.FromMilliseconds)];

    /// <summary>However large the crowd, it begins here.</summary>
    private static readonly TimeSpan CrowdBegins = TimeSpan.FromMilliseconds(12);

    /// <summary>The pause behind a look.</summary>
    /// <param name="looks">How many there were since the change was taken, at least one.</param>
    /// <param name="inWork">How many zones the target has in work.</param>
    public static TimeSpan Pause(int looks, int inWork)
    {
        TimeSpan least = ForEachInWork * inWork;
        int first = 0;
        while (Pauses[first] < least && Pauses[first] < CrowdBegins) first++;
        return Pauses[first + Math.Min(looks - 1, Pauses.Length - 1 - first)];
    }
}
