using System.Text;
using Agent.Dns.Records;
using Agent.Dns.Wire;

namespace Agent.Tests.Dns.Records;

public class RdataTokensTests
{
    [Theory]
    [InlineData("a b\tc", "a|b|c")]
    [InlineData("a ; b\nc", "a|c")]
    [InlineData("( a\n b ) c", "a|b|c")]
    [InlineData("a;b", "a")]
    [InlineData("a\\;b", "a\\;b")]
    [InlineData("a\\ b", "a\\ b")]
    [InlineData("\"a b\" c", "'a b'|c")]
    [InlineData("\"a\"\"b\"", "'a'|'b'")]
    [InlineData("\"\"", "''")]
    [InlineData("\"a\\\"b;(c\"", "'a\\\"b;(c'")]
    [InlineData("key=\"a b\" c", "key=\"a b\"|c")]
    [InlineData("a\\\\\"b c\"", "a\\\\\"b c\"")]
    [InlineData("a\\\"b c", "a\\\"b|c")]
    [InlineData("a\\", "a\\")]
    [InlineData(" \r\n", "")]
    public void WordsAreFound(string text, string expected)
    {
        var bytes = Encoding.ASCII.GetBytes(text);
        var split = new List<RdataToken>();
        Assert.True(RdataTokens.TrySplit(bytes, split));
        var tokens = new RdataTokens(bytes, split.ToArray());
        var words = new List<string>();
        while (tokens.TryNext(out var word, out var quoted))
        {
            var found = Encoding.ASCII.GetString(word);
            words.Add(quoted ? $"'{found}'" : found);
        }

        Assert.Equal(expected, string.Join('|', words));
        Assert.Equal(words.Count, tokens.Position);
        Assert.Equal(0, tokens.Remaining);
    }

    [Theory]
    [InlineData("\"a")]
    [InlineData("a=\"b")]
    [InlineData("\"a\\\"")]
    public void AnOpenQuoteIsRefused(string text) => Assert.False(RdataTokens.TrySplit(Encoding.ASCII.GetBytes(text), []));

    [Theory]
    [InlineData("A", RecordType.A)]
    [InlineData("soa", RecordType.SOA)]
    [InlineData("NSAP-PTR", RecordType.NSAPPTR)]
    [InlineData("TYPE1", RecordType.A)]
    [InlineData("type65535", (RecordType)65535)]
    [InlineData("TYPE65282", RecordType.CommandCreate)]
    public void TypesAreRead(string text, RecordType expected)
    {
        Assert.True(RecordTypeText.TryParse(Encoding.ASCII.GetBytes(text), out RecordType type));
        Assert.Equal(expected, type);
    }

    [Theory]
    [InlineData("")]
    [InlineData("TYPE")]
    [InlineData("TYPE65536")]
    [InlineData("TYPE-1")]
    [InlineData("TYPE 1")]
    [InlineData("COMMANDCREATE")]
    [InlineData("NSAPPTR")]
    [InlineData("1")]
    [InlineData("\u00e4")]
    public void WhatIsNoTypeIsRefused(string text) => Assert.False(RecordTypeText.TryParse(Encoding.UTF8.GetBytes(text), out RecordType _));

    [Fact]
    public void ClassesAreReadAndWritten()
    {
        Assert.True(RecordTypeText.TryParse("in"u8, out RecordClass internet));
        Assert.Equal(RecordClass.IN, internet);
        Assert.True(RecordTypeText.TryParse("CLASS65280"u8, out RecordClass command));
        Assert.Equal(RecordClass.CommandAndControl, command);
        Assert.False(RecordTypeText.TryParse("INN"u8, out RecordClass _));
        Assert.Equal("CLASS65280", RecordTypeText.ToText(RecordClass.CommandAndControl));
        Assert.Equal("CH", RecordTypeText.ToText(RecordClass.CH));
        Assert.Equal("TYPE65282", RecordTypeText.ToText(RecordType.CommandCreate));
    }
}
