using System.Buffers.Binary;
using Agent.Dns.Wire;

namespace Agent.Dns.Tsig;

/// <summary>Signs single messages: the record goes behind what is written, and the header's count is raised.</summary>
public static class TsigSigner
{
    /// <summary>Seconds that clocks may differ, as RFC 8945 10 recommends.</summary>
    public const ushort DefaultFudge = 300;

    /// <summary>Room that any signature of any key fits in.</summary>
    public const int SignatureBytesMax =
        (2 * NameReader.MaximumLength) + TsigRecord.FixedBytes + TsigAlgorithms.MaximumMacLength + TsigRecord.TimeBytes;

    /// <summary>Bytes that signing a request adds.</summary>
    public static int RequestBytes(TsigKey key)
    {
        ArgumentNullException.ThrowIfNull(key);
        return key.Name.Wire.Length + TsigAlgorithms.NameOf(key.Algorithm).Wire.Length + TsigRecord.FixedBytes
            + TsigAlgorithms.MacLengthOf(key.Algorithm);
    }

    /// <summary>Signs a request.</summary>
    /// <param name="buffer">The message with room behind it.</param>
    /// <param name="length">Bytes of the message; with the signature on return.</param>
    /// <param name="key">The key that the peer knows under the same name.</param>
    /// <param name="nowSeconds">Seconds since 1970.</param>
    /// <param name="mac">Room for 64 bytes; the MAC is needed to verify the answer.</param>
    /// <param name="macLength">Bytes of the MAC.</param>
    /// <returns>False, with the message unchanged, if there is no room.</returns>
    public static bool TrySignRequest(Span<byte> buffer, ref int length, TsigKey key, ulong nowSeconds, Span<byte> mac, out int macLength)
    {
        ArgumentNullException.ThrowIfNull(key);
        return TrySign(buffer, ref length, key, new TsigTimes(nowSeconds, DefaultFudge), [], ResponseCode.NoError, [], mac, out macLength);
    }

    /// <summary>
    /// Signs the single answer to a request, or tells in it what was wrong with the request's signature: BADTIME and BADTRUNC signed,
    /// BADKEY and BADSIG unsigned (RFC 8945 5.3.2). An answer to an unsigned or malformed request stays as it is.
    /// </summary>
    /// <param name="buffer">The answer with room behind it.</param>
    /// <param name="length">Bytes of the answer; with the signature on return.</param>
    /// <param name="request">What <see cref="TsigVerifier.VerifyRequest"/> said.</param>
    /// <param name="nowSeconds">Seconds since 1970.</param>
    /// <returns>False, with the message unchanged, if there is no room.</returns>
    public static bool TrySignReply(Span<byte> buffer, ref int length, TsigVerification request, ulong nowSeconds)
    {
        ArgumentNullException.ThrowIfNull(request);
        Span<byte> mac = stackalloc byte[TsigAlgorithms.MaximumMacLength];
        var error = request.Status.ToTsigError();
        var times = new TsigTimes(nowSeconds, DefaultFudge);
        switch (request.Status)
        {
            case TsigStatus.Verified or TsigStatus.BadTruncation:
                return TrySign(buffer, ref length, request.Key!, times, request.Mac.Span, error, [], mac, out _);
            case TsigStatus.BadTime:
                // The client can only check its own time, so that is signed, and ours travels as other data (RFC 8945 5.2.3).
                Span<byte> serverTime = stackalloc byte[TsigRecord.TimeBytes];
                TsigRecord.WriteTime(serverTime, nowSeconds);
                times = new TsigTimes(request.TimeSigned, request.Fudge);
                return TrySign(buffer, ref length, request.Key!, times, request.Mac.Span, error, serverTime, mac, out _);
            case TsigStatus.BadKey or TsigStatus.BadSignature:
                return TryAppendRecord(buffer, ref length, request.KeyName!, request.AlgorithmName!, times, [], error, []);
            default:
                return true;
        }
    }

    /// <summary>Appends the record; the header's count is raised.</summary>
    internal static bool TryAppendRecord(
        Span<byte> buffer,
        ref int length,
        DomainName keyName,
        DomainName algorithmName,
        TsigTimes times,
        ReadOnlySpan<byte> mac,
        ResponseCode error,
        ReadOnlySpan<byte> otherData)
    {
        var rdataLength = algorithmName.Wire.Length + TsigRecord.FixedBytes - 10 + mac.Length + otherData.Length;
        if (length + keyName.Wire.Length + 10 + rdataLength > Math.Min(buffer.Length, ushort.MaxValue)) return false;
        var id = BinaryPrimitives.ReadUInt16BigEndian(buffer);
        var rest = buffer[length..];
        Put(ref rest, keyName.Wire);
        Put16(ref rest, (ushort)RecordType.TSIG);
        Put16(ref rest, (ushort)RecordClass.ANY);
        Put16(ref rest, 0);
        Put16(ref rest, 0);
        Put16(ref rest, (ushort)rdataLength);
        Put(ref rest, algorithmName.Wire);
        TsigRecord.WriteTime(rest, times.TimeSigned);
        rest = rest[TsigRecord.TimeBytes..];
        Put16(ref rest, times.Fudge);
        Put16(ref rest, (ushort)mac.Length);
        Put(ref rest, mac);
        Put16(ref rest, id);
        Put16(ref rest, (ushort)error);
        Put16(ref rest, (ushort)otherData.Length);
        Put(ref rest, otherData);
        length = buffer.Length - rest.Length;
        BinaryPrimitives.WriteUInt16BigEndian(buffer[10..], (ushort)(BinaryPrimitives.ReadUInt16BigEndian(buffer[10..]) + 1));
        return true;
    }

    private static bool TrySign(
        Span<byte> buffer,
        ref int length,
        TsigKey key,
        TsigTimes times,
        ReadOnlySpan<byte> requestMac,
        ResponseCode error,
        ReadOnlySpan<byte> otherData,
        Span<byte> mac,
        out int macLength)
    {
        var algorithmName = TsigAlgorithms.NameOf(key.Algorithm);
        using var running = key.CreateMac();
        if (!requestMac.IsEmpty) running.AppendMac(requestMac);
        running.Append(buffer[..length]);
        running.AppendVariables(key.Name, algorithmName, times.TimeSigned, times.Fudge, error, otherData);
        macLength = running.Finish(mac);
        return TryAppendRecord(buffer, ref length, key.Name, algorithmName, times, mac[..macLength], error, otherData);
    }

    private static void Put(ref Span<byte> rest, scoped ReadOnlySpan<byte> bytes)
    {
        bytes.CopyTo(rest);
        rest = rest[bytes.Length..];
    }

    private static void Put16(ref Span<byte> rest, ushort value)
    {
        BinaryPrimitives.WriteUInt16BigEndian(rest, value);
        rest = rest[sizeof(ushort)..];
    }
}

/// <summary>The two timers of a signature.</summary>
/// <param name="TimeSigned">Seconds since 1970, 48 bits.</param>
/// <param name="Fudge">Seconds that clocks may differ.</param>
internal readonly record struct TsigTimes(ulong TimeSigned, ushort Fudge);
