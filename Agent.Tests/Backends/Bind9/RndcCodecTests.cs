using System.Buffers.Binary;
using System.Text;
using Agent.Backends.Bind9;

namespace Agent.Tests.Backends.Bind9;

public sealed class RndcCodecTests
{
    private static readonly string[] Algorithms = ["hmac-md5", "hmac-sha1", "hmac-sha224", "hmac-sha256", "hmac-sha384", "hmac-sha512"];

    public static TheoryData<string> AllAlgorithms => [.. Algorithms];

    [Theory]
    [InlineData("hmac-sha256", RndcRecording.NullRequest, "472765884", null, "null")]
    [InlineData("hmac-sha256", RndcRecording.StatusRequest, "472765885", "1899932920", "status")]
    [InlineData("hmac-md5", RndcRecording.Md5NullRequest, "2218526177", null, "null")]
    [InlineData("hmac-md5", RndcRecording.Md5ReloadRequest, "2218526178", "773422735", "reload nope.example")]
    public void Writes_what_rndc_writes(string algorithm, string recorded, string serial, string? nonce, string command)
    {
        RndcTable control = new RndcTable().Add("_ser", serial).Add("_tim", "1795171933").Add("_exp", "1795171993");
        if (nonce is not null)
            control.Add("_nonce", nonce);
        RndcTable body = new RndcTable().Add("_ctrl", control).Add("_data", new RndcTable().Add("type", command));

        Assert.Equal(recorded, Convert.ToHexStringLower(RndcCodec.Encode(body, Key(algorithm))));
    }

    [Fact]
    public void Reads_what_named_writes()
    {
        RndcTable status = Decoded(RndcRecording.StatusReply, Key("hmac-sha256"));
        Assert.Equal("472765885", status.Table("_ctrl")!.Text("_ser"));
        Assert.Equal("1899932920", status.Table("_ctrl")!.Text("_nonce"));
        Assert.Equal("0", status.Table("_data")!.Text("result"));
        Assert.EndsWith("server is up and running", status.Table("_data")!.Text("text"), StringComparison.Ordinal);

        RndcTable reload = Decoded(RndcRecording.Md5ReloadReply, Key("hmac-md5"));
        Assert.Equal("not found", reload.Table("_data")!.Text("err"));
        Assert.Equal("no matching zone 'nope.example' in any view", reload.Table("_data")!.Text("text"));
    }

    [Theory]
    [MemberData(nameof(AllAlgorithms))]
    public void Reads_its_own_messages_with_the_same_key_only(string algorithm)
    {
        byte[] frame = RndcCodec.Encode(Sample(), Key(algorithm));

        Assert.Equal(RndcError.None, RndcCodec.Decode(frame.AsSpan(4), Key(algorithm), out RndcTable body));
        Assert.Equal("reload", body.Table("_data")!.Text("type"));
        foreach (string other in Algorithms.Where(other => other != algorithm))
            Assert.NotEqual(RndcError.None, RndcCodec.Decode(frame.AsSpan(4), Key(other), out _));
        Assert.Equal(RndcError.BadSignature, RndcCodec.Decode(frame.AsSpan(4), Key(algorithm, "b3RoZXI="), out _));
    }

    [Theory]
    [MemberData(nameof(AllAlgorithms))]
    public void No_changed_bit_is_accepted(string algorithm)
    {
        RndcKey key = Key(algorithm);
        byte[] payload = RndcCodec.Encode(Sample(), key)[4..];
        for (int bit = 0; bit < payload.Length * 8; bit++)
        {
            payload[bit / 8] ^= (byte)(1 << (bit % 8));
            Assert.NotEqual(RndcError.None, RndcCodec.Decode(payload, key, out _));
            payload[bit / 8] ^= (byte)(1 << (bit % 8));
        }

        for (int length = 0; length < payload.Length; length++)
            Assert.NotEqual(RndcError.None, RndcCodec.Decode(payload.AsSpan(0, length), key, out _));
    }

    [Fact]
    public void Signed_garbage_is_an_error_value()
    {
        RndcKey key = Key("hmac-sha256");
        Random random = new(20261120);
        byte[] good = Unsigned(Sample(), key);
        for (int round = 0; round < 5000; round++)
        {
            byte[] body = [.. good];
            for (int change = random.Next(1, 6); change > 0; change--)
                body[random.Next(body.Length)] = (byte)random.Next(256);
            RndcError error = RndcCodec.Decode(Signed(body, key), key, out RndcTable table);
            Assert.True(error is RndcError.BadTable || table.Count > 0, $"{error} without a table");
        }
    }

    [Theory]
    [InlineData("0161 09 00000000", "an unknown type")]
    [InlineData("0161 01 00000005 61", "a value longer than what is there")]
    [InlineData("0161 01 ffffffff 61", "a length above the sign")]
    [InlineData("0261", "a cut name")]
    [InlineData("0161 02 00000003 016101", "a cut inner table")]
    public void Broken_tables_are_refused(string hex, string what)
    {
        RndcKey key = Key("hmac-sha1");
        byte[] body = Convert.FromHexString(hex.Replace(" ", "", StringComparison.Ordinal));

        Assert.True(RndcCodec.Decode(Signed(body, key), key, out _) == RndcError.BadTable, what);
    }

    [Fact]
    public void Lists_are_stepped_over()
    {
        RndcKey key = Key("hmac-sha1");
        byte[] body = Convert.FromHexString("016c0300000006" + "010000000161" + "016101" + "00000001" + "7a");

        Assert.Equal(RndcError.None, RndcCodec.Decode(Signed(body, key), key, out RndcTable table));
        Assert.Null(table.Text("l"));
        Assert.Equal("z", table.Text("a"));
    }

    [Theory]
    [InlineData(RndcTable.DepthMax - 1, true)]
    [InlineData(RndcTable.DepthMax, false)]
    [InlineData(200, false)]
    public void Nesting_is_bounded(int innerTables, bool isAccepted)
    {
        RndcTable table = new RndcTable().Add("leaf", "x");
        for (int depth = 1; depth < innerTables; depth++)
            table = new RndcTable().Add("t", table);
        RndcKey key = Key("hmac-md5");

        RndcError error = RndcCodec.Decode(RndcCodec.Encode(new RndcTable().Add("t", table), key).AsSpan(4), key, out _);
        Assert.Equal(isAccepted, error == RndcError.None);
    }

    [Theory]
    [InlineData(RndcTable.EntriesMax, true)]
    [InlineData(RndcTable.EntriesMax + 1, false)]
    public void Entries_are_bounded(int count, bool isAccepted)
    {
        RndcTable table = new();
        for (int i = 0; i < count; i++)
            table.Add("k", "v");
        RndcKey key = Key("hmac-md5");

        Assert.Equal(isAccepted, RndcCodec.Decode(RndcCodec.Encode(table, key).AsSpan(4), key, out _) == RndcError.None);
    }

    [Theory]
    [InlineData(0u, false)]
    [InlineData(4u, false)]
    [InlineData(5u, true)]
    [InlineData(1u << 20, true)]
    [InlineData((1u << 20) + 1, false)]
    [InlineData(uint.MaxValue, false)]
    public void Frame_lengths_are_bounded(uint announced, bool isAccepted)
    {
        byte[] head = new byte[4];
        BinaryPrimitives.WriteUInt32BigEndian(head, announced);

        RndcError error = RndcCodec.ReadLength(head, RndcCodec.ReplySizeMax, out int length);
        Assert.Equal(isAccepted ? RndcError.None : RndcError.BadFrameLength, error);
        Assert.InRange(length, 0, RndcCodec.ReplySizeMax);
    }

    [Fact]
    public void Sha224_agrees_with_the_published_vectors()
    {
        // RFC 4231 sections 4.3 and 4.7: a short key, and one longer than a block.
        AssertSha224(
            "4a656665", "7768617420646f2079612077616e7420666f72206e6f7468696e673f",
            "a30e01098bc6dbbf45690f3a7e9e6d0f8bbea2a39e6148008fd05e44");
        string longKey = string.Concat(Enumerable.Repeat("aa", 131));
        string text = Convert.ToHexString(Encoding.ASCII.GetBytes("Test Using Larger Than Block-Size Key - Hash Key First"));
        AssertSha224(longKey, text, "95e9a0db962095adaebe9b2d6f0dbce2d499f112f2d2b7273fa6870e");
    }

    private static void AssertSha224(string keyHex, string dataHex, string digestHex)
    {
        string secret = Convert.ToBase64String(Convert.FromHexString(keyHex));
        Assert.Equal(digestHex, Convert.ToHexStringLower(Key("hmac-sha224", secret).Sign(Convert.FromHexString(dataHex))));
    }

    private static RndcTable Sample() => new RndcTable()
        .Add("_ctrl", new RndcTable().Add("_ser", "7").Add("_rpl", "1"))
        .Add("_data", new RndcTable().Add("type", "reload").Add("result", "0"));

    private static RndcKey Key(string algorithm, string secret = RndcRecording.Secret)
    {
        Assert.True(RndcKey.TryCreate("k", algorithm, secret, out RndcKey? key, out string? error), error);
        return key;
    }

    private static RndcTable Decoded(string hex, RndcKey key)
    {
        Assert.Equal(RndcError.None, RndcCodec.Decode(Convert.FromHexString(hex).AsSpan(4), key, out RndcTable body));
        return body;
    }

    /// <summary>What stands behind the signature.</summary>
    private static byte[] Unsigned(RndcTable table, RndcKey key)
    {
        byte[] frame = RndcCodec.Encode(table, key);
        return frame[(8 + AuthSize)..];
    }

    /// <summary>Any octets with a right signature in front: what somebody with the key could send.</summary>
    private static byte[] Signed(byte[] body, RndcKey key)
    {
        byte[] payload = [.. RndcCodec.Encode(new RndcTable(), key)[4..], .. body];
        byte[] signature = Encoding.ASCII.GetBytes(Convert.ToBase64String(key.Sign(body)));
        Array.Clear(payload, payload.Length - body.Length - 88, 88);
        signature.CopyTo(payload, payload.Length - body.Length - 88);
        return payload;
    }

    // The _auth entry of the SHA family: its own head (1 + 5 + 5) and the table of 99 octets.
    private const int AuthSize = 110;
}
