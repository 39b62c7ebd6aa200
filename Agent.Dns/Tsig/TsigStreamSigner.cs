using Agent.Dns.Wire;

namespace Agent.Dns.Tsig;

/// <summary>
/// Signs every message of a transfer that we serve (RFC 8945 5.3.1): the first with all variables, the others with the timers only,
/// each over the MAC of the one before.
/// </summary>
/// <remarks>Not for use by two threads at once.</remarks>
public sealed class TsigStreamSigner : IDisposable
{
    private readonly TsigKey _key;
    private readonly TsigMac _mac;
    private bool _isFirst = true;

    /// <summary>Starts with the MAC of the request, which was verified under this key.</summary>
    public TsigStreamSigner(TsigKey key, ReadOnlySpan<byte> requestMac)
    {
        ArgumentNullException.ThrowIfNull(key);
        _key = key;
        _mac = key.CreateMac();
        _mac.AppendMac(requestMac);
    }

    /// <summary>Signs the next message. The caller keeps <see cref="TsigKey.SignatureBytesMax"/> bytes free behind it.</summary>
    /// <param name="buffer">The message with room behind it.</param>
    /// <param name="length">Bytes of the message; with the signature on return.</param>
    /// <param name="nowSeconds">Seconds since 1970.</param>
    /// <returns>False if there was no room: the stream cannot go on then.</returns>
    public bool TrySign(Span<byte> buffer, ref int length, ulong nowSeconds)
    {
        Span<byte> mac = stackalloc byte[TsigAlgorithms.MaximumMacLength];
        var times = new TsigTimes(nowSeconds, TsigSigner.DefaultFudge);
        var algorithmName = TsigAlgorithms.NameOf(_key.Algorithm);
        _mac.Append(buffer[..length]);
        if (_isFirst) _mac.AppendVariables(_key.Name, algorithmName, times.TimeSigned, times.Fudge, ResponseCode.NoError, []);
        else _mac.AppendTimers(times.TimeSigned, times.Fudge);
        _isFirst = false;
        var signature = mac[.._mac.Finish(mac)];
        _mac.AppendMac(signature);
        return TsigSigner.TryAppendRecord(buffer, ref length, _key.Name, algorithmName, times, signature, ResponseCode.NoError, []);
    }

    /// <inheritdoc/>
    public void Dispose() => _mac.Dispose();
}
