using System.Globalization;
using Agent.Dns.Tsig;
using Agent.Dns.Wire;

namespace Agent.Host.Transfers;

/// <summary>
/// The signature of one request and of the messages that answer it (RFC 8945 sections 5.1 and 5.3.1). For one thread at a time.
/// </summary>
internal sealed class TransferSignature : IDisposable
{
    private readonly TsigKey _key;
    private readonly TimeProvider _clock;
    private readonly TsigKeyUse _use;
    private readonly string _peer;
    private TsigStreamVerifier? _verifier;
    private TsigStatus _status = TsigStatus.Unsigned;
    private ResponseCode _peerError;
    private ulong? _peerTime;

    /// <param name="key">Signs the request.</param>
    /// <param name="clock">Wall-clock time.</param>
    /// <param name="use">Where it is noted what comes of it.</param>
    /// <param name="peer">Who answers, to be named when something is wrong.</param>
    public TransferSignature(TsigKey key, TimeProvider clock, TsigKeyUse use, string peer)
    {
        _key = key;
        _clock = clock;
        _use = use;
        _peer = peer;
    }

    /// <summary>Bytes that <see cref="Sign"/> adds at most.</summary>
    public int SizeMaximum => _key.SignatureBytesMax;

    /// <summary>Bytes that <see cref="Sign"/> adds.</summary>
    public int RequestSize => TsigSigner.RequestBytes(_key);

    /// <summary>The key, when the master said that it does not know it or holds another secret for it.</summary>
    public string? RejectedKey => _peerError is ResponseCode.BadKey or ResponseCode.BadSig ? _key.Name.ToString() : null;

    /// <summary>What the master found wrong with our signature, in an answer that is itself signed well; null when nothing.</summary>
    public string? Complaint => _status != TsigStatus.Verified ? null : _peerError switch
    {
        ResponseCode.BadTime => BadTime(),
        ResponseCode.BadTrunc => $"the master wants a longer signature than that with key {_key.Name} (BADTRUNC)",
        _ => null,
    };

    /// <summary>Whether the message accepted last was signed: only then may it end the answer.</summary>
    public bool IsLastSigned => _verifier?.IsLastSigned ?? false;

    /// <summary>What was wrong, for a reason.</summary>
    public string Error => _status switch
    {
        TsigStatus.Unsigned or TsigStatus.TooManyUnsigned => $"the answer is not signed with key {_key.Name}, as it must be",
        TsigStatus.PeerError => _peerError switch
        {
            ResponseCode.BadKey => $"the master does not know key {_key.Name} with this algorithm (BADKEY)",
            ResponseCode.BadSig => $"the master has another secret for key {_key.Name} (BADSIG)",
            ResponseCode.BadTime => BadTime(),
            _ => $"the master does not accept key {_key.Name} (TSIG error {(int)_peerError})",
        },
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
        if (_status is TsigStatus.PeerError or TsigStatus.Verified)
            NotePeerError(message);
        bool isAccepted = _verifier is not null && _status is TsigStatus.Verified or TsigStatus.Unsigned;
        if (!isAccepted || Complaint is not null)
            _use.Failed(NowSeconds(), this, static signature => $"{signature._peer}: {signature.Complaint ?? signature.Error}");
        else if (_status == TsigStatus.Verified)
            _use.Good(NowSeconds());
        return isAccepted;
    }

    public void Dispose() => _verifier?.Dispose();

    /// <summary>Only answers with NOTAUTH carry an error of the signature, so the others need no second look.</summary>
    private void NotePeerError(ReadOnlySpan<byte> message)
    {
        bool isRefusal = MessageHeader.TryRead(message, out MessageHeader header) && header.ResponseCode == ResponseCode.NotAuth;
        if (!isRefusal || TsigRecord.Find(message, out TsigRecord tsig) != TsigStatus.Verified)
            return;
        _peerError = tsig.Error;
        _peerTime = tsig.ServerTime;
    }

    private string BadTime()
    {
        string differ = $"the clocks differ by more than the signature with key {_key.Name} allows (BADTIME)";
        // An unsigned time may be anybody's, and is only shown.
        return _peerTime is { } time && time <= (ulong)DateTimeOffset.MaxValue.ToUnixTimeSeconds()
            ? differ + string.Create(CultureInfo.InvariantCulture, $": there it is {DateTimeOffset.FromUnixTimeSeconds((long)time):u}")
            : differ;
    }

    private ulong NowSeconds() => (ulong)_clock.GetUtcNow().ToUnixTimeSeconds();
}
