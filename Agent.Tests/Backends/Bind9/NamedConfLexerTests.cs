using Agent.Backends.Bind9;

namespace Agent.Tests.Backends.Bind9;

public sealed class NamedConfLexerTests
{
    [Theory]
    [InlineData("a{b;}", "a|{|b|;|}")]
    [InlineData("x \"y z\" ;", "x|'y z'|;")]
    [InlineData("\";\" \"{\"", "';'|'{'")]
    [InlineData("\"a\\\"b\" \"c\\d\" \"e\\\\\\\"f\"", "'a\"b'|'c\\d'|'e\\\\\"f'")]
    [InlineData("a/b 1/2 //c\nd", "a/b|1/2|d")]
    [InlineData("a/*b*/c#d\ne", "a|c|e")]
    [InlineData("", "")]
    public void Splits_like_named(string text, string expected)
    {
        IReadOnlyList<NamedConfToken> tokens = NamedConfLexer.Tokenize(text)!;

        Assert.Equal(expected, string.Join('|', tokens.Select(token => token.IsQuoted ? $"'{token.Text}'" : token.Text)));
        Assert.All(tokens, token => Assert.False(token.IsQuoted && token.IsMark(token.Text)));
    }

    [Theory]
    [InlineData("\"open")]
    [InlineData("\"open\\\"")]
    [InlineData("\"open\\")]
    [InlineData("/* open")]
    [InlineData("a /*/ b")]
    public void An_open_end_is_no_text(string text) => Assert.Null(NamedConfLexer.Tokenize(text));

    [Fact]
    public void Any_text_ends_and_loses_no_word()
    {
        Random random = new(4711);
        const string Alphabet = "ab \n\t{};\"\\/*#";
        for (int round = 0; round < 20000; round++)
        {
            char[] text = [.. Enumerable.Range(0, random.Next(24)).Select(_ => Alphabet[random.Next(Alphabet.Length)])];
            IReadOnlyList<NamedConfToken>? tokens = NamedConfLexer.Tokenize(new string(text));
            Assert.True(tokens is null || tokens.Sum(token => token.Text.Length) <= text.Length, new string(text));
        }
    }
}
