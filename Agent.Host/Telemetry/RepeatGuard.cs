namespace Agent.Host.Telemetry;

/// <summary>Lets a thing be said once a minute; so that a peer that tries again and again, or floods, does not fill the log.</summary>
internal sealed class RepeatGuard(TimeProvider clock)
{
    private const int Maximum = 256;
    private static readonly TimeSpan Pause = TimeSpan.FromMinutes(1);

    private readonly Lock _gate = new();
    private readonly Dictionary<string, long> _saidAt = [];

    /// <summary>Whether it is time to say this.</summary>
    public bool MaySay(string what)
    {
        long now = clock.GetTimestamp();
        lock (_gate)
        {
            if (_saidAt.TryGetValue(what, out long before) && clock.GetElapsedTime(before, now) < Pause) return false;
            if (_saidAt.Count >= Maximum) _saidAt.Clear();
            _saidAt[what] = now;
            return true;
        }
    }
}
