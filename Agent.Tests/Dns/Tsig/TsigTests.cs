using System.Buffers.Binary;
using Agent.Dns.Tsig;
using Agent.Dns.Wire;
using static Agent.Tests.Dns.Tsig.TsigMessages;

namespace Agent.Tests.Dns.Tsig;

public class TsigTests
{
    public static TheoryData<TsigAlgorithm> EveryAlgorithm => new(Algorithms);

    [Theory]
    [MemberData(nameof(EveryAlgorithm))]
    public void RequestAndReplyVerify(TsigAlgorithm algorithm)
    {
        var key = Key(algorithm);
        var (request, mac) = SignedQuery(key);
        Assert.True(request.Length - Query().Length <= key.SignatureBytesMax);
        var verified = TsigVerifier.VerifyRequest(request, new TsigKeyring([key]), Now + 300);
        Assert.Equal(TsigStatus.Verified, verified.Status);
        Assert.Same(key, verified.Key);
        Assert.Equal(mac, verified.Mac.ToArray());

        var (reply, length) = Part(1);
        Assert.True(TsigSigner.TrySignReply(reply, ref length, verified, Now));
        Assert.Equal(TsigStatus.Verified, TsigVerifier.VerifyResponse(reply.AsSpan(0, length), key, mac, Now).Status);
        mac[0] ^= 1;
        Assert.Equal(TsigStatus.BadSignature, TsigVerifier.VerifyResponse(reply.AsSpan(0, length), key, mac, Now).Status);
    }

    [Fact]
    public void AnyChangedBitIsNoticed()
    {
        var key = Key();
        var (request, _) = SignedQuery(key);
        var keyring = new TsigKeyring([key]);
        for (var bit = 0; bit < request.Length * 8; bit++)
        {
            var changed = request.ToArray();
            changed[bit / 8] ^= (byte)(1 << (bit % 8));
            var verified = TsigVerifier.VerifyRequest(changed, keyring, Now);

            // Outside the signature: the header's id, which forwarders change, and the case of the key's and the algorithm's name.
            var isSigned = bit >= 16;
            if (verified.IsVerified) Assert.True(!isSigned || verified.KeyName == key.Name, $"bit {bit}");
            if (isSigned && bit < (request.Length - key.SignatureBytesMax) * 8) Assert.False(verified.IsVerified);
        }
    }

    [Fact]
    public void TheIdOnTheWayMayChange()
    {
        var key = Key();
        var (request, _) = SignedQuery(key);
        BinaryPrimitives.WriteUInt16BigEndian(request, 1);
        Assert.True(TsigVerifier.VerifyRequest(request, new TsigKeyring([key]), Now).IsVerified);
    }

    [Fact]
    public void NamesOfKeysFoldCase()
    {
        var (request, _) = SignedQuery(Key(name: "TRANSFER.EXAMPLE."));
        Assert.True(TsigVerifier.VerifyRequest(request, new TsigKeyring([Key(name: "transfer.example.")]), Now).IsVerified);
    }

    [Fact]
    public void UnknownKeysAndOtherAlgorithmsAreBadKeyAndAnsweredUnsigned()
    {
        var (request, mac) = SignedQuery(Key());
        foreach (var keyring in new[] { TsigKeyring.Empty, new TsigKeyring([Key(TsigAlgorithm.HmacSha512)]) })
        {
            var verified = TsigVerifier.VerifyRequest(request, keyring, Now);
            Assert.Equal(TsigStatus.BadKey, verified.Status);
            Assert.Equal(ResponseCode.NotAuth, verified.Status.ToResponseCode());
            var reply = AssertReply(verified, mac, TsigStatus.PeerError, ResponseCode.BadKey);
            Assert.Empty(reply.Mac.ToArray());
        }
    }

    [Fact]
    public void AWrongSecretIsBadSignatureAndAnsweredUnsigned()
    {
        var (request, mac) = SignedQuery(Key());
        var other = new TsigKey(Key().Name, TsigAlgorithm.HmacSha256, "another secret"u8);
        var verified = TsigVerifier.VerifyRequest(request, new TsigKeyring([other]), Now);
        Assert.Equal(TsigStatus.BadSignature, verified.Status);
        AssertReply(verified, mac, TsigStatus.PeerError, ResponseCode.BadSig);
    }

    [Theory]
    [InlineData(300, TsigStatus.Verified)]
    [InlineData(-300, TsigStatus.Verified)]
    [InlineData(301, TsigStatus.BadTime)]
    [InlineData(-301, TsigStatus.BadTime)]
    public void TheFudgeBoundsTheClocks(int difference, TsigStatus expected)
    {
        var key = Key();
        var (request, mac) = SignedQuery(key);
        var serverTime = (ulong)((long)Now + difference);
        var verified = TsigVerifier.VerifyRequest(request, new TsigKeyring([key]), serverTime);
        Assert.Equal(expected, verified.Status);
        if (expected != TsigStatus.BadTime) return;

        // The client reads its own time in the signed answer, and the server's beside it.
        var (reply, length) = Part(1);
        Assert.True(TsigSigner.TrySignReply(reply, ref length, verified, serverTime));
        var answer = TsigVerifier.VerifyResponse(reply.AsSpan(0, length), key, mac, Now);
        Assert.Equal(TsigStatus.Verified, answer.Status);
        Assert.Equal(ResponseCode.BadTime, answer.PeerError);
        Assert.Equal(serverTime, answer.PeerTime);
    }

    [Fact]
    public void TruncatedMacsNeedTheKeysConsentAndHaveAFloor()
    {
        var key = Key();
        var (request, _) = SignedQuery(key);
        Assert.Equal(TsigStatus.BadTruncation, VerifyCut(request, key, 16));
        Assert.Equal(TsigStatus.Verified, VerifyCut(request, Key(minimumMac: 16), 16));
        Assert.Equal(TsigStatus.BadTruncation, VerifyCut(request, Key(minimumMac: 20), 16));
        Assert.Equal(TsigStatus.Malformed, VerifyCut(request, Key(minimumMac: 16), 15));
        Assert.Equal(TsigStatus.Malformed, VerifyCut(request, Key(minimumMac: 16), 0));
        Assert.Throws<ArgumentOutOfRangeException>(() => Key(minimumMac: 15));
    }

    [Fact]
    public void TheRecordMustBeTheLast()
    {
        var key = Key();
        var (request, _) = SignedQuery(key);
        var keyring = new TsigKeyring([key]);
        Assert.Equal(TsigStatus.Malformed, TsigVerifier.VerifyRequest([.. request, 0], keyring, Now).Status);
        byte[] opt = [0, 0, 41, 4, 0, 0, 0, 0, 0, 0, 0];
        byte[] followed = [.. request, .. opt];
        followed[11]++;
        Assert.Equal(TsigStatus.Malformed, TsigVerifier.VerifyRequest(followed, keyring, Now).Status);
        Assert.Equal(TsigStatus.Unsigned, TsigVerifier.VerifyRequest(Query().Buffer.AsSpan(0, Query().Length), keyring, Now).Status);
        for (var length = 0; length < request.Length; length++)
        {
            Assert.Equal(TsigStatus.Malformed, TsigVerifier.VerifyRequest(request.AsSpan(0, length), keyring, Now).Status);
        }
    }

    [Fact]
    public void WithoutRoomNothingChanges()
    {
        var (buffer, length) = Query();
        var before = buffer[..length];
        var signed = length;
        Assert.False(TsigSigner.TrySignRequest(buffer.AsSpan(0, length + 20), ref signed, Key(), Now, new byte[64], out _));
        Assert.Equal(length, signed);
        Assert.Equal(before, buffer[..length]);
    }

    [Fact]
    public void KeysHideTheirSecret()
    {
        Assert.True(TsigKey.TryCreate("k1", TsigAlgorithm.HmacSha256, "c2VjcmV0", out var key));
        Assert.Equal("k1. hmac-sha256.", key.ToString());
        Assert.False(TsigKey.TryCreate("k1", TsigAlgorithm.HmacSha256, "not base64!", out _));
        Assert.False(TsigKey.TryCreate("k1", TsigAlgorithm.HmacSha256, "", out _));
        Assert.False(TsigKey.TryCreate("..", TsigAlgorithm.HmacSha256, "c2VjcmV0", out _));
    }

    [Theory]
    [InlineData("hmac-md5", TsigAlgorithm.HmacMd5)]
    [InlineData("HMAC-MD5.SIG-ALG.REG.INT", TsigAlgorithm.HmacMd5)]
    [InlineData("hmac-sha224.", TsigAlgorithm.HmacSha224)]
    [InlineData("HMAC-SHA512", TsigAlgorithm.HmacSha512)]
    public void AlgorithmsAreReadByName(string text, TsigAlgorithm expected)
    {
        Assert.True(TsigAlgorithms.TryParse(text, out var algorithm));
        Assert.Equal(expected, algorithm);
        Assert.False(TsigAlgorithms.TryParse(text + "x", out _));
    }

    private static TsigStatus VerifyCut(byte[] request, TsigKey key, int macLength)
    {
        // Layout from the end: MAC(32) id(2) error(2) other length(2).
        const int Tail = 6;
        var macStart = request.Length - Tail - 32;
        byte[] cut = [.. request[..(macStart + macLength)], .. request[^Tail..]];
        BinaryPrimitives.WriteUInt16BigEndian(cut.AsSpan(macStart - 2), (ushort)macLength);
        var rdataLengthAt = macStart - 10 - TsigAlgorithms.NameOf(key.Algorithm).Wire.Length - 2;
        var shorter = BinaryPrimitives.ReadUInt16BigEndian(cut.AsSpan(rdataLengthAt)) - 32 + macLength;
        BinaryPrimitives.WriteUInt16BigEndian(cut.AsSpan(rdataLengthAt), (ushort)shorter);
        return TsigVerifier.VerifyRequest(cut, new TsigKeyring([key]), Now).Status;
    }

    private static TsigVerification AssertReply(TsigVerification request, byte[] mac, TsigStatus status, ResponseCode error)
    {
        var (reply, length) = Part(1);
        Assert.True(TsigSigner.TrySignReply(reply, ref length, request, Now));
        var answer = TsigVerifier.VerifyResponse(reply.AsSpan(0, length), Key(), mac, Now);
        Assert.Equal(status, answer.Status);
        Assert.Equal(error, answer.PeerError);
        return answer;
    }
}
