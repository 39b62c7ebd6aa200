using Agent.Dns.Tsig;

namespace Agent.Host.Transfers;

/// <summary>
/// The signature of one request and of the messages that answer it (RFC 8945 sections 5.1 and 5.3.1). For one thread at a time.
/// </summary>
internal sealed class TransferSignature : IDisposable
{
    private readonly TsigKey _key;
    private readonly TimeProvider _clock;
    private TsigStreamVerifier? _verifier;
    private TsigStatus _status = TsigStatus.Unsigned;

    public TransferSignature(TsigKey key, TimeProvider clock)
    {
        _key = key;
        _clock = clock;
    }

    /// <summary>Bytes that <see cref="Sign"/> adds at most.</summary>
    public int SizeMaximum => _key.SignatureBytesMax;

    /// <summary>Whether the message accepted last was signed: only then may it end the answer.</summary>
    public bool IsLastSigned => _verifier?.IsLastSigned ?? false;

    /// <summary>What was wrong, for a reason.</summary>
    public string Error => _status switch
    {
        TsigStatus.Unsigned or TsigStatus.TooManyUnsigned => $"the answer is not signed with key {_key.Name}, as it must be",
        TsigStatus.PeerError => $"the master does not accept key {_key.Name}, or its clock differs",
        TsigStatus.BadKey => $"the answer is signed with another key than {_key.Name}",
        TsigStatus.BadTime => $"the clocks differ by more than the signature with key {_key.Name} allows",
        _ => $"the signature with key {_key.Name} is wrong",
    };

    /// <summary>Signs the request, behind which there must be room; the new length.</summary>
    public int Sign(Span<byte> buffer, int length)
    {
        Span<byte> mac = stackalloc byte[64];
        if (!TsigSigner.TrySignRequest(buffer, ref length, _key, NowSeconds(), mac, out int macLength))
            throw new ArgumentException("There is no room for the signature.", nameof(buffer));
        _verifier?.Dispose();
        _verifier = new TsigStreamVerifier(_key, mac[..macLength]);
        return length;
    }

    /// <summary>Judges the next message of the answer. False when its signature is wrong, or missing for too many messages.</summary>
    public bool Accept(ReadOnlySpan<byte> message)
    {
        _status = _verifier is null ? TsigStatus.Unsigned : _verifier.Accept(message, NowSeconds());
        return _verifier is not null && _status is TsigStatus.Verified or TsigStatus.Unsigned;
    }

    public void Dispose() => _verifier?.Dispose();

    private ulong NowSeconds() => (ulong)_clock.GetUtcNow().ToUnixTimeSeconds();
}
