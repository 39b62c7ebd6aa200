using System.Buffers;
using System.Text;
using Agent.Backends.Knot;

namespace Agent.Tests.Backends.Knot;

public sealed class KnotCodecTests
{
    private static readonly byte[] Status =
        [1, 0x10, 0, 11, .. "zone-status"u8, 0x16, 0, 2, .. "a."u8, 0x1B, 0, 1, (byte)'s', 3];

    [Fact]
    public void A_command_is_written_as_knotc_writes_it()
    {
        KnotRequest request = new KnotRequest().Add("zone-status", new KnotUnit { [KnotItem.Zone] = "a.", [KnotItem.Filter] = "s" });

        Assert.Equal(Status, request.Octets.ToArray());
        Assert.Equal(1, request.Commands);
    }

    [Fact]
    public void Units_are_read_one_by_one_however_the_octets_come()
    {
        for (int length = 0; length < Status.Length - 1; length++)
            Assert.Equal(KnotDecoding.NeedMore, KnotCodec.TryRead(Status.AsSpan(0, length), out _, out _));

        Assert.Equal(KnotDecoding.Unit, KnotCodec.TryRead(Status, out KnotUnit? unit, out int consumed));
        Assert.Equal(Status.Length - 1, consumed);
        Assert.Equal(("zone-status", "a.", "s", null),
            (unit![KnotItem.Command], unit[KnotItem.Zone], unit[KnotItem.Filter], unit[KnotItem.Error]));
        Assert.Equal(KnotDecoding.Unit, KnotCodec.TryRead(Status.AsSpan(consumed), out unit, out consumed));
        Assert.Equal((KnotUnitType.Block, 1), (unit!.Type, consumed));
    }

    [Theory]
    [InlineData("04")]
    [InlineData("FF")]
    [InlineData("0104")]
    [InlineData("010F000141")]
    [InlineData("011C000141")]
    [InlineData("01100001411D")]
    public void What_is_not_the_protocol_is_seen(string hex) =>
        Assert.Equal(KnotDecoding.Malformed, KnotCodec.TryRead(Convert.FromHexString(hex), out _, out _));

    [Fact]
    public void Random_octets_never_break_the_reader()
    {
        Random random = new(20261128);
        byte[] octets = new byte[64];
        for (int round = 0; round < 20_000; round++)
        {
            random.NextBytes(octets);
            octets[0] &= 3;
            if (KnotCodec.TryRead(octets, out KnotUnit? unit, out int consumed) == KnotDecoding.Unit)
                Assert.True(unit is not null && consumed is > 0 and <= 64);
        }
    }

    [Theory]
    [InlineData("a\0b")]
    [InlineData(null)]
    public void A_text_that_would_be_cut_off_is_not_sent(string? text)
    {
        KnotUnit unit = new() { [KnotItem.Data] = text ?? new string('a', ushort.MaxValue + 1) };

        Assert.Throws<ArgumentException>(() => KnotCodec.Write(unit, new ArrayBufferWriter<byte>()));
    }

    [Fact]
    public void The_longest_text_arrives_whole()
    {
        ArrayBufferWriter<byte> octets = new();
        string text = new('x', ushort.MaxValue);
        KnotCodec.Write(new KnotUnit { [KnotItem.Data] = text }, octets);
        KnotCodec.WriteType(KnotUnitType.Block, octets);

        Assert.Equal(KnotDecoding.Unit, KnotCodec.TryRead(octets.WrittenSpan, out KnotUnit? unit, out _));
        Assert.Equal(text, unit![KnotItem.Data]);
    }

    [Theory]
    [InlineData("zone-reload")]
    [InlineData("zone-purge")]
    [InlineData("zone-status")]
    [InlineData("conf-unset")]
    [InlineData("conf-set")]
    public void A_command_about_all_zones_cannot_be_written(string command)
    {
        Assert.Throws<ArgumentException>(() => new KnotRequest().Add(command));
        Assert.Throws<ArgumentException>(() => new KnotRequest().Add(command, new KnotUnit { [KnotItem.Section] = "zone" }));
        Assert.Throws<ArgumentException>(
            () => new KnotRequest().Add(command, new KnotUnit { [KnotItem.Zone] = "", [KnotItem.Id] = "" }));
    }

    [Theory]
    [InlineData(null, KnotVerdict.Done)]
    [InlineData("no such zone found", KnotVerdict.NoSuchZone)]
    [InlineData("invalid identifier", KnotVerdict.NoSuchZone)]
    [InlineData("duplicate identifier", KnotVerdict.AlreadyExists)]
    [InlineData("too many transactions", KnotVerdict.TransactionOpen)]
    [InlineData("malformed data", KnotVerdict.Failed)]
    public void An_answer_is_judged_by_its_words(string? error, KnotVerdict verdict)
    {
        KnotReply reply = new([new KnotUnit { [KnotItem.Data] = "x" }, new KnotUnit { [KnotItem.Error] = error }]);

        Assert.Equal(verdict, reply.Verdict);
        Assert.Equal(error, reply.Error);
    }

    [Fact]
    public void An_error_is_one_bounded_line_that_names_the_item()
    {
        string words = new StringBuilder("bad\nthing ").Append('x', 1000).ToString();
        KnotUnit unit = new() { [KnotItem.Error] = words, [KnotItem.Section] = "zone", [KnotItem.Item] = "template" };

        Assert.Equal("short (zone.template)", new KnotReply([With("short")]).Error);
        Assert.True(new KnotReply([unit]).Error!.Length <= 403);
        Assert.DoesNotContain('\n', new KnotReply([unit]).Error!);

        static KnotUnit With(string error) =>
            new() { [KnotItem.Error] = error, [KnotItem.Section] = "zone", [KnotItem.Item] = "template" };
    }

    [Theory]
    [InlineData("knotd -c /a/b.conf", "/a/b.conf")]
    [InlineData("knotd -m 500 --config /a/b.conf -d", "/a/b.conf")]
    [InlineData("knotd --config=/a/b.conf", "/a/b.conf")]
    [InlineData("knotd -c/a/b.conf", "/a/b.conf")]
    [InlineData("knotd -C /db", null)]
    [InlineData("knotd --confdb=/db -d", null)]
    [InlineData("knotd -C/db", null)]
    [InlineData("knotd -m 500", null)]
    public void A_command_line_tells_the_text_file(string command, string? file) =>
        Assert.Equal(file, KnotProcess.TextFileOf(command.Split(' '), isDefaultDatabaseMissing: false));

    [Fact]
    public void Without_a_word_and_without_a_database_it_is_the_usual_file() =>
        Assert.Equal("/etc/knot/knot.conf", KnotProcess.TextFileOf(["knotd", "-m", "500"], isDefaultDatabaseMissing: true));
}
