namespace Agent.Dns.Tsig;

/// <summary>
/// Verifies the messages of one transfer as they come in (RFC 8945 5.3.1).
/// </summary>
/// <remarks>
/// <code>
///            signed, good                     signed, good (digest: timers only)
///   First ----------------> Running  &lt;-------------------------------------+
///     |                        |  unsigned: into the digest, at most 99 -----+
///     | unsigned, bad          | bad, or the 100th unsigned
///     +----------&gt; Failed &lt;----+        IsLastSigned must hold when the transfer ends
/// </code>
/// After an unsigned message nothing is proven until the next signature: the caller must not commit before <see cref="IsLastSigned"/>.
/// Not for use by two threads at once.
/// </remarks>
public sealed class TsigStreamVerifier : IDisposable
{
    /// <summary>The most unsigned messages between two signed ones.</summary>
    public const int UnsignedMessagesMax = 99;

    private readonly TsigKey _key;
    private readonly TsigMac _mac;
    private bool _isFirst = true;
    private TsigStatus? _failure;

    /// <summary>Starts with the MAC of the request.</summary>
    public TsigStreamVerifier(TsigKey key, ReadOnlySpan<byte> requestMac)
    {
        ArgumentNullException.ThrowIfNull(key);
        _key = key;
        _mac = key.CreateMac();
        _mac.AppendMac(requestMac);
    }

    /// <summary>Unsigned messages since the last signature.</summary>
    public int UnsignedMessages { get; private set; }

    /// <summary>True if the last message was signed and everything up to it is proven.</summary>
    public bool IsLastSigned => !_isFirst && _failure is null && UnsignedMessages == 0;

    /// <summary>
    /// Takes the next message. <see cref="TsigStatus.Verified"/>: all messages so far are proven. <see cref="TsigStatus.Unsigned"/>: go
    /// on, but trust nothing yet. Everything else ends the stream, and is the answer to every further call.
    /// </summary>
    /// <param name="message">The whole message.</param>
    /// <param name="nowSeconds">Seconds since 1970.</param>
    public TsigStatus Accept(ReadOnlySpan<byte> message, ulong nowSeconds)
    {
        if (_failure is { } failure) return failure;
        var status = Look(message, nowSeconds);
        if (status is not (TsigStatus.Verified or TsigStatus.Unsigned)) _failure = status;
        return status;
    }

    /// <inheritdoc/>
    public void Dispose() => _mac.Dispose();

    private TsigStatus Look(ReadOnlySpan<byte> message, ulong nowSeconds)
    {
        var found = TsigRecord.Find(message, out var tsig);
        if (found == TsigStatus.Malformed) return found;
        if (found == TsigStatus.Unsigned)
        {
            // The first message proves that the peer has the key at all.
            if (_isFirst || ++UnsignedMessages > UnsignedMessagesMax) return TsigStatus.TooManyUnsigned;
            _mac.Append(message);
            return TsigStatus.Unsigned;
        }

        if (TsigVerifier.IsPeerError(tsig)) return TsigStatus.PeerError;
        if (tsig.KeyName != _key.Name || tsig.AlgorithmName != TsigAlgorithms.NameOf(_key.Algorithm)) return TsigStatus.BadKey;
        _mac.AppendMessage(message, tsig);
        if (_isFirst) _mac.AppendVariables(tsig.KeyName, tsig.AlgorithmName, tsig.TimeSigned, tsig.Fudge, tsig.Error, tsig.OtherData);
        else _mac.AppendTimers(tsig.TimeSigned, tsig.Fudge);
        var status = TsigVerifier.Judge(_key, tsig, _mac, nowSeconds);
        _isFirst = false;
        UnsignedMessages = 0;
        _mac.AppendMac(tsig.Mac);
        return status;
    }
}
