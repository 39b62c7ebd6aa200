using Agent.Actors.Reasons;
using Agent.Host.Telemetry;

namespace Agent.Host.Etcd;

/// <summary>How an endpoint stands, for people.</summary>
/// <param name="Version">Version of its etcd; empty before it first answered.</param>
/// <param name="Problem">Why it is left alone; null while it is healthy or was not needed yet.</param>
public sealed record EtcdEndpointStatus(Uri Address, bool IsInUse, string Version, long Term, long Revision, Reason? Problem);

/// <summary>One endpoint: unknown until greeted, healthy until it fails, then left alone for a growing while.</summary>
internal sealed class EtcdEndpoint(Uri address)
{
    public Uri Address { get; } = address;

    /// <summary>It said which cluster it belongs to, and has not failed since.</summary>
    public bool IsGreeted { get; internal set; }

    public string Version { get; internal set; } = "";

    public long Term { get; internal set; }

    public long Revision { get; internal set; }

    public Reason? Problem { get; internal set; }

    public int FailuresInRow { get; internal set; }

    public TimeSpan FailedUntil { get; internal set; }

    /// <summary>Its last failure was written to the log; so is its return then.</summary>
    public bool IsFailureTold { get; internal set; } = true;
}

/// <summary>All endpoints in the order in which they are to be tried.</summary>
/// <remarks>
/// <code>
///   Unknown --greeted--> Healthy --failed--> Failed until t --(asked last before t, in turn after it)--> Healthy, or Failed for longer
/// </code>
/// An endpoint that greets well and then lies fails again and again: each reason is written to the log once a minute at most.
/// One healthy endpoint is used until it fails: its answers then never lie behind one another. All are tried before a request is given up.
/// Any thread.
/// </remarks>
internal sealed class EtcdEndpoints
{
    private readonly Lock _gate = new();
    private readonly EtcdEndpoint[] _all;
    private readonly TimeProvider _clock;
    private readonly TimeSpan _pauseMax;
    private readonly long _start;
    private readonly RepeatGuard _repeats;
    private int _current;

    public EtcdEndpoints(IReadOnlyList<Uri> addresses, TimeSpan pauseMax, TimeProvider clock)
    {
        _all = [.. addresses.Select(address => new EtcdEndpoint(address))];
        _clock = clock;
        _pauseMax = pauseMax;
        _start = clock.GetTimestamp();
        _repeats = new RepeatGuard(clock);
    }

    private TimeSpan Now => _clock.GetElapsedTime(_start);

    /// <summary>All of them: the one in use, then those that may do, then those that failed lately.</summary>
    public IReadOnlyList<EtcdEndpoint> InOrder()
    {
        lock (_gate)
        {
            TimeSpan now = Now;
            return
            [
                .. Enumerable.Range(0, _all.Length)
                    .Select(step => _all[(_current + step) % _all.Length])
                    .OrderBy(endpoint => endpoint.FailedUntil > now ? endpoint.FailedUntil : TimeSpan.Zero),
            ];
        }
    }

    public IReadOnlyList<EtcdEndpointStatus> Status()
    {
        lock (_gate)
        {
            return
            [
                .. _all.Select((endpoint, index) => new EtcdEndpointStatus(
                    endpoint.Address,
                    index == _current && endpoint.IsGreeted,
                    endpoint.Version,
                    endpoint.Term,
                    endpoint.Revision,
                    endpoint.Problem)),
            ];
        }
    }

    public bool NeedsGreeting(EtcdEndpoint endpoint)
    {
        lock (_gate) return !endpoint.IsGreeted;
    }

    /// <summary>True when requests go to another endpoint from now on, and that is to be told.</summary>
    public bool Greeted(EtcdEndpoint endpoint, string version)
    {
        lock (_gate)
        {
            bool isNews = !endpoint.IsGreeted;
            endpoint.IsGreeted = true;
            endpoint.Version = version;
            endpoint.Problem = null;
            endpoint.FailedUntil = TimeSpan.Zero;
            int index = Array.IndexOf(_all, endpoint);
            bool isChange = index != _current;
            _current = index;
            return (isChange || isNews) && endpoint.IsFailureTold;
        }
    }

    public void Answered(EtcdEndpoint endpoint, EtcdHeader header)
    {
        lock (_gate)
        {
            endpoint.FailuresInRow = 0;
            endpoint.Term = header.Term;
            endpoint.Revision = header.Revision;
        }
    }

    /// <summary>Leaves the endpoint alone for a while; true when that is news.</summary>
    public bool Failed(EtcdEndpoint endpoint, Reason problem)
    {
        lock (_gate)
        {
            bool isNews = endpoint.Problem is null;
            double seconds = Math.Pow(2, Math.Min(endpoint.FailuresInRow++, 10));
            endpoint.FailedUntil = Now + TimeSpan.FromSeconds(Math.Min(seconds, _pauseMax.TotalSeconds));
            endpoint.IsGreeted = false;
            endpoint.Problem = problem;
            if (_all[_current] == endpoint) _current = (_current + 1) % _all.Length;
            return isNews;
        }
    }

    /// <summary>Whether the failure is to be written to the log.</summary>
    public bool MayTell(EtcdEndpoint endpoint, Reason problem)
    {
        lock (_gate) return endpoint.IsFailureTold = _repeats.MaySay($"{endpoint.Address.Authority} {WithoutNumbers(problem)}");
    }

    /// <summary>Revisions and terms go on while the reason stays the same.</summary>
    private static string WithoutNumbers(Reason problem) =>
        problem.Code + string.Concat(problem.Text.Where(character => !char.IsAsciiDigit(character)));
}
