using Agent.Dns.Wire;

namespace Agent.Dns.Tsig;

/// <summary>Verifies single messages in the order of RFC 8945 5.2: key, MAC, time, truncation.</summary>
public static class TsigVerifier
{
    /// <summary>Verifies a request against the keys of a server.</summary>
    /// <param name="message">The whole message.</param>
    /// <param name="keyring">Keys that are accepted.</param>
    /// <param name="nowSeconds">Seconds since 1970.</param>
    public static TsigVerification VerifyRequest(ReadOnlySpan<byte> message, TsigKeyring keyring, ulong nowSeconds)
    {
        ArgumentNullException.ThrowIfNull(keyring);
        var found = TsigRecord.Find(message, out var tsig);
        return found == TsigStatus.Verified
            ? Verify(message, tsig, keyring.Find(tsig.KeyName), nowSeconds, [])
            : new TsigVerification(found);
    }

    /// <summary>Verifies a single answer to a request that we signed.</summary>
    /// <param name="message">The whole message.</param>
    /// <param name="key">The request's key; an answer under another one is <see cref="TsigStatus.BadKey"/>.</param>
    /// <param name="requestMac">The request's MAC.</param>
    /// <param name="nowSeconds">Seconds since 1970.</param>
    public static TsigVerification VerifyResponse(ReadOnlySpan<byte> message, TsigKey key, ReadOnlySpan<byte> requestMac, ulong nowSeconds)
    {
        ArgumentNullException.ThrowIfNull(key);
        var found = TsigRecord.Find(message, out var tsig);
        if (found != TsigStatus.Verified) return new TsigVerification(found);
        return Verify(message, tsig, tsig.KeyName == key.Name ? key : null, nowSeconds, requestMac);
    }

    private static TsigVerification Verify(
        ReadOnlySpan<byte> message, in TsigRecord tsig, TsigKey? key, ulong nowSeconds, ReadOnlySpan<byte> requestMac)
    {
        if (IsPeerError(tsig)) return new TsigVerification(TsigStatus.PeerError, key, tsig);
        if (key is null || tsig.AlgorithmName != TsigAlgorithms.NameOf(key.Algorithm))
        {
            return new TsigVerification(TsigStatus.BadKey, key, tsig);
        }

        using var mac = key.CreateMac();
        if (!requestMac.IsEmpty) mac.AppendMac(requestMac);
        mac.AppendMessage(message, tsig);
        mac.AppendVariables(tsig.KeyName, tsig.AlgorithmName, tsig.TimeSigned, tsig.Fudge, tsig.Error, tsig.OtherData);
        return new TsigVerification(Judge(key, tsig, mac, nowSeconds), key, tsig);
    }

    /// <summary>True for an answer that carries an error and no MAC: BADKEY and BADSIG cannot be signed (RFC 8945 5.3.2).</summary>
    internal static bool IsPeerError(in TsigRecord tsig) => tsig.Mac.IsEmpty && tsig.Error != ResponseCode.NoError;

    /// <summary>Compares the MAC that was fed with the received one, then looks at time and length.</summary>
    internal static TsigStatus Judge(TsigKey key, in TsigRecord tsig, TsigMac mac, ulong nowSeconds)
    {
        var length = tsig.Mac.Length;
        if (length > TsigAlgorithms.MacLengthOf(key.Algorithm) || length < TsigAlgorithms.ShortestMacOf(key.Algorithm))
        {
            return TsigStatus.Malformed;
        }

        if (!mac.Matches(tsig.Mac)) return TsigStatus.BadSignature;
        var difference = nowSeconds > tsig.TimeSigned ? nowSeconds - tsig.TimeSigned : tsig.TimeSigned - nowSeconds;
        if (difference > tsig.Fudge) return TsigStatus.BadTime;
        return length < key.MinimumMacLength ? TsigStatus.BadTruncation : TsigStatus.Verified;
    }
}
