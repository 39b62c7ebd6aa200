using Agent.Dns.Tsig;

namespace Agent.Actors.Listeners;

/// <summary>Authenticates requests with the keys of the configuration.</summary>
/// <remarks>The keys can be replaced at any time; an answer is signed with the key that its request was verified with.</remarks>
public sealed class TsigAuthenticator : IRequestAuthenticator
{
    private readonly TimeProvider _clock;
    private volatile TsigKeyring _keys;

    /// <summary>Starts with a set of keys.</summary>
    /// <param name="keys">Every key that a request may be signed with.</param>
    /// <param name="clock">Wall-clock time, which signatures carry.</param>
    public TsigAuthenticator(TsigKeyring keys, TimeProvider clock)
    {
        ArgumentNullException.ThrowIfNull(keys);
        ArgumentNullException.ThrowIfNull(clock);
        _keys = keys;
        _clock = clock;
    }

    /// <summary>Replaces the keys from the next request on. Any thread.</summary>
    public void UseKeys(TsigKeyring keys)
    {
        ArgumentNullException.ThrowIfNull(keys);
        _keys = keys;
    }

    /// <inheritdoc/>
    public RequestAuthentication Verify(ReadOnlySpan<byte> message)
    {
        TsigVerification verification = TsigVerifier.VerifyRequest(message, _keys, NowSeconds());
        return verification.Status switch
        {
            TsigStatus.Verified => new RequestAuthentication(AuthenticationStatus.Verified, verification.Key!.Name, verification),
            // The parser saw a TSIG record, so "unsigned" means that it does not stand where it must.
            TsigStatus.Malformed or TsigStatus.Unsigned => new RequestAuthentication(AuthenticationStatus.Malformed),
            _ => new RequestAuthentication(AuthenticationStatus.Failed, State: verification),
        };
    }

    /// <inheritdoc/>
    public int SignatureBytes(in RequestAuthentication request) => request.State switch
    {
        TsigVerification { Key: { } key } => key.SignatureBytesMax,
        TsigVerification => TsigSigner.SignatureBytesMax,
        _ => 0,
    };

    /// <inheritdoc/>
    public int Sign(Span<byte> buffer, int length, in RequestAuthentication request)
    {
        if (request.State is TsigVerification verification)
        {
            TsigSigner.TrySignReply(buffer, ref length, verification, NowSeconds());
        }
        return length;
    }

    private ulong NowSeconds() => (ulong)Math.Max(0, _clock.GetUtcNow().ToUnixTimeSeconds());
}
