using Agent.Backends.Bind9;

namespace Agent.Tests.Backends.Bind9;

public sealed class RndcKeyFileTests
{
    private const string Secret = RndcRecording.Secret;

    [Theory]
    [InlineData("key \"rndc-key\" {\n\talgorithm hmac-sha256;\n\tsecret \"" + Secret + "\";\n};\n")]
    [InlineData("key rndc-key { secret " + Secret + "; algorithm HMAC-SHA256; };")]
    [InlineData("# c\n/* key \"x\" { */ // key\nkey \"rndc-key\"{algorithm \"hmac-sha256\";secret\""
        + Secret + "\";};options { default-key \"rndc-key\"; };")]
    [InlineData("controls { inet * keys { key; }; }; key \"rndc-key\" { algorithm hmac-sha256; secret \"" + Secret + "\"; };")]
    public void Finds_the_key(string text)
    {
        Assert.True(RndcKeyFile.TryParse(text, keyName: null, out RndcKey? key, out string? error), error);
        Assert.Equal("rndc-key", key.Name);
        Assert.Equal(RndcAlgorithm.HmacSha256, key.Algorithm);
    }

    [Fact]
    public void Takes_the_named_one_of_several()
    {
        const string Text = "key a { algorithm hmac-md5; secret \"" + Secret + "\"; };"
            + " key b { algorithm hmac-sha1; secret \"" + Secret + "\"; };";

        Assert.True(RndcKeyFile.TryParse(Text, "b", out RndcKey? key, out _));
        Assert.Equal(RndcAlgorithm.HmacSha1, key.Algorithm);
        Assert.False(RndcKeyFile.TryParse(Text, keyName: null, out _, out string? several));
        Assert.Contains("2 keys", several, StringComparison.Ordinal);
        Assert.False(RndcKeyFile.TryParse(Text, "c", out _, out string? missing));
        Assert.Contains("\"c\"", missing, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("", "no key statement")]
    [InlineData("key \"k\" { algorithm hmac-sha256; secret \"abc", "ends inside")]
    [InlineData("/* key", "ends inside")]
    [InlineData("key \"k\" { algorithm hmac-sha3; secret \"c2VjcmV0\"; };", "algorithm")]
    [InlineData("key \"k\" { algorithm hmac-sha256; secret \"tell-nobody!\"; };", "base64")]
    [InlineData("key \"k\" { algorithm hmac-sha256; };", "base64")]
    [InlineData("key \"k\" {", "algorithm")]
    public void Says_what_is_wrong_and_never_the_secret(string text, string expected)
    {
        Assert.False(RndcKeyFile.TryParse(text, keyName: null, out _, out string? error));
        Assert.Contains(expected, error, StringComparison.Ordinal);
        Assert.DoesNotContain("tell-nobody", error, StringComparison.Ordinal);
    }

    [Fact]
    public void Does_not_print_the_secret()
    {
        Assert.True(RndcKey.TryCreate("k", "hmac-sha256", Secret, out RndcKey? key, out _));
        Assert.DoesNotContain(Secret, key.ToString(), StringComparison.Ordinal);
    }
}
