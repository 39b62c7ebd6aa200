namespace Agent.Host.Etcd;

/// <summary>
/// The token of our user. etcd's simple tokens are known to all members but kept alive only at the one that is used, so it is renewed well
/// before its end and whenever a member does not know it any more. One renewal runs at a time. A login that was refused is left alone for a
/// while: each costs a member the time of a slow hash.
/// </summary>
internal sealed class EtcdTokens(TimeSpan renewal, TimeSpan loginPause, TimeProvider clock) : IDisposable
{
    private readonly SemaphoreSlim _turn = new(1, 1);
    private volatile Held? _held;
    private Refused? _refused;

    public void Dispose() => _turn.Dispose();

    /// <summary>The token, with <paramref name="renew"/> called when there is none or it is old. Empty where users are off.</summary>
    /// <param name="password">Gives the password as it is now.</param>
    /// <param name="renew">Asks for a token with that password.</param>
    /// <exception cref="EtcdException">There is none.</exception>
    public async Task<string> GetAsync(Func<string> password, Func<string, Task<string>> renew, CancellationToken cancellation)
    {
        if (_held is { } fresh && IsYoung(fresh)) return fresh.Token;
        await _turn.WaitAsync(cancellation);
        try
        {
            Held? old = _held;
            if (old is not null && IsYoung(old)) return old.Token;
            try
            {
                string token = await LogInAsync(password(), renew);
                _held = new Held(token, clock.GetTimestamp());
                return token;
            }
            catch (EtcdException) when (old is not null)
            {
                // It may serve for as long again; a member that knows better says so.
                _held = old with { TakenAt = clock.GetTimestamp() };
                return old.Token;
            }
        }
        finally
        {
            _turn.Release();
        }
    }

    /// <summary>This token was refused; another one that came meanwhile stays.</summary>
    public void Drop(string token)
    {
        Held? held = _held;
        if (held is not null && held.Token == token) Interlocked.CompareExchange(ref _held, null, held);
    }

    private async Task<string> LogInAsync(string password, Func<string, Task<string>> renew)
    {
        if (_refused is { } last && last.Password == password && clock.GetElapsedTime(last.At) < loginPause) throw last.Failure;
        try
        {
            string token = await renew(password);
            _refused = null;
            return token;
        }
        catch (EtcdException failure) when (failure is { Outcome: EtcdOutcome.Refused, BlamesEndpoint: false })
        {
            _refused = new Refused(password, failure, clock.GetTimestamp());
            throw;
        }
    }

    private bool IsYoung(Held held) => clock.GetElapsedTime(held.TakenAt) < renewal;

    private sealed record Held(string Token, long TakenAt);

    private sealed record Refused(string Password, EtcdException Failure, long At);
}
