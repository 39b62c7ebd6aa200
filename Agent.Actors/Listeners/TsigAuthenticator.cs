using Agent.Dns.Net;
using Agent.Dns.Tsig;

namespace Agent.Actors.Listeners;

/// <summary>Authenticates requests with the keys of the configuration.</summary>
/// <remarks>The keys can be replaced at any time; an answer is signed with the key that its request was verified with.</remarks>
public sealed class TsigAuthenticator : IRequestAuthenticator
{
    private readonly TimeProvider _clock;
    private readonly TsigLedger _ledger;
    private volatile TsigKeyring _keys;

    /// <summary>Starts with a set of keys.</summary>
    /// <param name="keys">Every key that a request may be signed with.</param>
    /// <param name="clock">Wall-clock time, which signatures carry.</param>
    /// <param name="ledger">Where the use of keys is noted.</param>
    public TsigAuthenticator(TsigKeyring keys, TimeProvider clock, TsigLedger? ledger = null)
    {
        ArgumentNullException.ThrowIfNull(keys);
        ArgumentNullException.ThrowIfNull(clock);
        _keys = keys;
        _clock = clock;
        _ledger = ledger ?? new TsigLedger();
    }

    /// <summary>Replaces the keys from the next request on. Any thread.</summary>
    public void UseKeys(TsigKeyring keys)
    {
        ArgumentNullException.ThrowIfNull(keys);
        _keys = keys;
    }

    /// <inheritdoc/>
    public RequestAuthentication Verify(ReadOnlySpan<byte> message, in NetworkEndpoint client)
    {
        ulong now = NowSeconds();
        TsigVerification verification = TsigVerifier.VerifyRequest(message, _keys, now);
        Note(verification, client, now);
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

    private void Note(TsigVerification verification, in NetworkEndpoint client, ulong now)
    {
        if (verification.Key is not { } key)
        {
            return;
        }
        if (verification.IsVerified)
        {
            _ledger.Of(key).Good(now);
        }
        else
        {
            _ledger.Of(key).Failed(now, (verification, client), static failed => $"from {failed.client}: {Words(failed.verification)}");
        }
    }

    private static string Words(TsigVerification verification) => verification.Status switch
    {
        TsigStatus.BadKey => $"signed with {verification.AlgorithmName}, another algorithm (BADKEY)",
        TsigStatus.BadSignature => "the signature is wrong (BADSIG)",
        TsigStatus.BadTruncation => "the signature is too short (BADTRUNC)",
        TsigStatus.BadTime => "the clocks differ by more than the signature allows (BADTIME)",
        _ => "the signature is malformed",
    };

    private ulong NowSeconds() => (ulong)Math.Max(0, _clock.GetUtcNow().ToUnixTimeSeconds());
}
