namespace Agent.Host.Etcd;

/// <summary>How long a request may take, and whether it is still wanted: a deadline is the endpoint's failure, a withdrawal is
/// not.</summary>
internal sealed class EtcdPatience : IDisposable
{
    private readonly CancellationTokenSource _deadline;
    private readonly CancellationTokenSource _both;
    private readonly CancellationToken _withdrawn;

    public EtcdPatience(TimeSpan limit, TimeProvider clock, CancellationToken withdrawn)
    {
        _withdrawn = withdrawn;
        _deadline = new CancellationTokenSource(limit, clock);
        _both = CancellationTokenSource.CreateLinkedTokenSource(_deadline.Token, withdrawn);
    }

    private EtcdPatience(TimeSpan limit, TimeProvider clock, EtcdPatience whole)
    {
        _withdrawn = whole._withdrawn;
        _deadline = new CancellationTokenSource(limit, clock);
        _both = CancellationTokenSource.CreateLinkedTokenSource(_deadline.Token, whole.Token);
    }

    public CancellationToken Token => _both.Token;

    public bool IsOver => _both.IsCancellationRequested;

    public bool IsWithdrawn => _withdrawn.IsCancellationRequested;

    /// <summary>A part of this time.</summary>
    public EtcdPatience Part(TimeSpan limit, TimeProvider clock) => new(limit, clock, this);

    public void Dispose()
    {
        _both.Dispose();
        _deadline.Dispose();
    }
}
