using Agent.Dns.Tsig;
using Agent.Dns.Wire;
using static Agent.Tests.Dns.Tsig.TsigMessages;

namespace Agent.Tests.Dns.Tsig;

public class TsigStreamTests
{
    public static TheoryData<TsigAlgorithm> EveryAlgorithm => new(Algorithms);

    [Theory]
    [MemberData(nameof(EveryAlgorithm))]
    public void EveryMessageOfOursVerifies(TsigAlgorithm algorithm)
    {
        var key = Key(algorithm);
        var (_, mac) = SignedQuery(key);
        using var verifier = new TsigStreamVerifier(key, mac);
        Assert.False(verifier.IsLastSigned);
        foreach (var message in Sign(key, mac, count: 5))
        {
            Assert.Equal(TsigStatus.Verified, verifier.Accept(message, Now));
            Assert.True(verifier.IsLastSigned);
        }
    }

    [Fact]
    public void NothingMayBeLostSwappedOrRepeated()
    {
        var key = Key();
        var (_, mac) = SignedQuery(key);
        var messages = Sign(key, mac, count: 4);
        Assert.Equal(TsigStatus.BadSignature, Run(key, mac, [messages[0], messages[2]]));
        Assert.Equal(TsigStatus.BadSignature, Run(key, mac, [messages[0], messages[2], messages[1]]));
        Assert.Equal(TsigStatus.BadSignature, Run(key, mac, [messages[0], messages[1], messages[1]]));
        Assert.Equal(TsigStatus.BadSignature, Run(key, mac, [messages[1]]));
    }

    [Fact]
    public void NinetyNineUnsignedMessagesAreTheLimit()
    {
        Assert.Equal(TsigStatus.Verified, RunSparse(unsigned: 99));
        Assert.Equal(TsigStatus.TooManyUnsigned, RunSparse(unsigned: 100));
    }

    [Fact]
    public void AnUnsignedLastMessageLeavesTheStreamUnproven()
    {
        var key = Key();
        var (_, mac) = SignedQuery(key);
        using var verifier = new TsigStreamVerifier(key, mac);
        Assert.Equal(TsigStatus.Verified, verifier.Accept(Sign(key, mac, count: 1)[0], Now));
        var (part, length) = Part(2);
        Assert.Equal(TsigStatus.Unsigned, verifier.Accept(part.AsSpan(0, length), Now));
        Assert.False(verifier.IsLastSigned);
    }

    [Fact]
    public void AnUnsignedFirstMessageEndsTheStream()
    {
        var key = Key();
        var (_, mac) = SignedQuery(key);
        var (part, length) = Part(1);
        Assert.Equal(TsigStatus.TooManyUnsigned, Run(key, mac, [part[..length], Sign(key, mac, count: 1)[0]]));
    }

    [Fact]
    public void AChangedUnsignedMessageIsFoundAtTheNextSignature()
    {
        var key = Key();
        var (_, mac) = SignedQuery(key);
        var messages = SignSparse(key, mac, unsigned: 3);
        messages[2][^1] ^= 1;
        using var verifier = new TsigStreamVerifier(key, mac);
        Assert.Equal(TsigStatus.Verified, verifier.Accept(messages[0], Now));
        for (var i = 1; i <= 3; i++) Assert.Equal(TsigStatus.Unsigned, verifier.Accept(messages[i], Now));
        Assert.Equal(TsigStatus.BadSignature, verifier.Accept(messages[4], Now));
        Assert.Equal(TsigStatus.BadSignature, verifier.Accept(messages[0], Now));
    }

    [Fact]
    public void ALateMessageIsBadTime()
    {
        var key = Key();
        var (_, mac) = SignedQuery(key);
        using var verifier = new TsigStreamVerifier(key, mac);
        Assert.Equal(TsigStatus.BadTime, verifier.Accept(Sign(key, mac, count: 1)[0], Now + 301));
    }

    private static TsigStatus RunSparse(int unsigned)
    {
        var key = Key();
        var (_, mac) = SignedQuery(key);
        return Run(key, mac, SignSparse(key, mac, unsigned));
    }

    private static TsigStatus Run(TsigKey key, byte[] mac, IEnumerable<byte[]> messages)
    {
        using var verifier = new TsigStreamVerifier(key, mac);
        var status = TsigStatus.Unsigned;
        foreach (var message in messages) status = verifier.Accept(message, Now);
        return status;
    }

    private static List<byte[]> Sign(TsigKey key, byte[] requestMac, int count)
    {
        using var signer = new TsigStreamSigner(key, requestMac);
        var messages = new List<byte[]>();
        for (var i = 0; i < count; i++)
        {
            var (buffer, length) = Part(i);
            Assert.True(signer.TrySign(buffer, ref length, Now));
            messages.Add(buffer[..length]);
        }

        return messages;
    }

    /// <summary>A signed message, unsigned ones, a signed one: composed by hand, as our signer signs every message.</summary>
    private static List<byte[]> SignSparse(TsigKey key, byte[] requestMac, int unsigned)
    {
        var first = Sign(key, requestMac, count: 1)[0];
        Assert.Equal(TsigStatus.Verified, TsigRecord.Find(first, out var tsig));
        List<byte[]> messages = [first];
        var middle = new List<byte>();
        for (var i = 0; i < unsigned; i++)
        {
            var (part, partLength) = Part(i);
            messages.Add(part[..partLength]);
            middle.AddRange(messages[^1]);
        }

        var (last, length) = Part(200);
        using var mac = key.CreateMac();
        mac.AppendMac(tsig.Mac);
        mac.Append(middle.ToArray());
        mac.Append(last.AsSpan(0, length));
        mac.AppendTimers(Now, TsigSigner.DefaultFudge);
        var signature = new byte[TsigAlgorithms.MaximumMacLength];
        var signatureLength = mac.Finish(signature);
        var times = new TsigTimes(Now, TsigSigner.DefaultFudge);
        var algorithm = TsigAlgorithms.NameOf(key.Algorithm);
        var signed = signature.AsSpan(0, signatureLength);
        Assert.True(TsigSigner.TryAppendRecord(last, ref length, key.Name, algorithm, times, signed, ResponseCode.NoError, []));
        messages.Add(last[..length]);
        return messages;
    }
}
