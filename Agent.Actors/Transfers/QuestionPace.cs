using System.Net;

namespace Agent.Actors.Transfers;

/// <summary>
/// How fast SOA questions may go to each address of a master, as token buckets. Regular checks (after a start, at a refresh, retries) have
/// a pace of their own below that of all questions, so that ten thousand of them neither flood a master nor stand before a NOTIFY.
/// </summary>
public sealed class QuestionPace
{
    private readonly Dictionary<IPEndPoint, Buckets> _buckets = [];
    private readonly PaceLimits _limits;

    /// <summary>Makes the pace of one node.</summary>
    public QuestionPace(PaceLimits limits)
    {
        ArgumentNullException.ThrowIfNull(limits);
        _limits = limits;
    }

    /// <summary>Takes leave for one question to each of the addresses, or for none of them.</summary>
    /// <param name="endPoints">Who is to be asked.</param>
    /// <param name="isUrgent">It is no regular check.</param>
    /// <param name="now">The time.</param>
    /// <param name="wait">How long to wait before it is worth trying again; zero when taken.</param>
    public bool TryTake(IReadOnlyCollection<IPEndPoint> endPoints, bool isUrgent, TimeSpan now, out TimeSpan wait)
    {
        ArgumentNullException.ThrowIfNull(endPoints);
        wait = TimeSpan.Zero;
        foreach (IPEndPoint endPoint in endPoints)
        {
            Buckets buckets = At(endPoint);
            TimeSpan all = buckets.All.Wait(now);
            TimeSpan checks = isUrgent ? TimeSpan.Zero : buckets.Checks.Wait(now);
            TimeSpan longer = all > checks ? all : checks;
            if (longer > wait) wait = longer;
        }

        if (wait > TimeSpan.Zero) return false;
        foreach (IPEndPoint endPoint in endPoints)
        {
            Buckets buckets = At(endPoint);
            buckets.All.Take();
            if (!isUrgent) buckets.Checks.Take();
        }

        return true;
    }

    /// <summary>Takes leave for a regular question to an address that counts as dead: most are answered without asking it.</summary>
    public bool TryTakeDead(IPEndPoint endPoint, TimeSpan now)
    {
        ArgumentNullException.ThrowIfNull(endPoint);
        Bucket dead = At(endPoint).Dead;
        if (dead.Wait(now) > TimeSpan.Zero) return false;
        dead.Take();
        return true;
    }

    /// <summary>Forgets addresses that no master has any more.</summary>
    public void Keep(IReadOnlySet<IPEndPoint> endPoints)
    {
        foreach (IPEndPoint gone in _buckets.Keys.Where(known => !endPoints.Contains(known)).ToArray()) _buckets.Remove(gone);
    }

    private Buckets At(IPEndPoint endPoint)
    {
        if (!_buckets.TryGetValue(endPoint, out Buckets? buckets)) _buckets[endPoint] = buckets = new Buckets(_limits);
        return buckets;
    }

    private sealed class Buckets(PaceLimits limits)
    {
        public Bucket All { get; } = new(limits.QuestionsPerSecond, limits.QuestionsPerSecond);

        /// <summary>A tenth of a second at once.</summary>
        public Bucket Checks { get; } = new(limits.ChecksPerSecond, limits.ChecksPerSecond / 10);

        public Bucket Dead { get; } = new(PaceLimits.DeadPerSecond, PaceLimits.DeadPerSecond);
    }

    private sealed class Bucket(double perSecond, double capacity)
    {
        private readonly double _capacity = Math.Max(1, capacity);
        private double _tokens = Math.Max(1, capacity);
        private TimeSpan _filledAt;

        /// <summary>Zero when there is a token.</summary>
        public TimeSpan Wait(TimeSpan now)
        {
            if (now > _filledAt)
            {
                _tokens = Math.Min(_capacity, _tokens + ((now - _filledAt).TotalSeconds * perSecond));
                _filledAt = now;
            }

            // A tick more, so that rounding never finds it short of one again.
            return _tokens >= 1 ? TimeSpan.Zero : TimeSpan.FromSeconds((1 - _tokens) / perSecond) + TimeSpan.FromTicks(1);
        }

        public void Take() => _tokens--;
    }
}

/// <summary>Bounds of the SOA questions of one node to one address of a master.</summary>
/// <param name="ChecksPerSecond">Regular checks.</param>
/// <param name="QuestionsPerSecond">All questions, those after a NOTIFY or for a CREATE among them.</param>
public sealed record PaceLimits(double ChecksPerSecond, double QuestionsPerSecond)
{
    /// <summary>Regular checks of zones none of whose masters answers.</summary>
    public const double DeadPerSecond = 10;
}
