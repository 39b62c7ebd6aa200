using Agent.Backends.Bind9;

namespace Agent.Tests.Backends.Bind9;

public sealed class RndcReplyTests
{
    // The texts are those of BIND 9.18.
    [Theory]
    [InlineData("0", "", "", RndcVerdict.Done)]
    [InlineData("0", "", "zone reload queued", RndcVerdict.Done)]
    [InlineData("18", "already exists", "", RndcVerdict.AlreadyExists)]
    [InlineData("23", "not found", "no matching zone 'z.example' in any view", RndcVerdict.NoSuchZone)]
    [InlineData("23", "not found", "", RndcVerdict.NoSuchZone)]
    [InlineData("23", "not found", "no matching view found for 'inside'", RndcVerdict.NoSuchView)]
    [InlineData("38", "file not found", "dns_zone_loadnew failed: file not found", RndcVerdict.Failed)]
    [InlineData("6", "permission denied", "Not allowing new zones in view '_default'", RndcVerdict.NotPermitted)]
    [InlineData("25", "failure", "", RndcVerdict.Failed)]
    [InlineData("", "", "", RndcVerdict.Failed)]
    public void Is_judged_by_its_words(string result, string error, string text, RndcVerdict verdict) =>
        Assert.Equal(verdict, new RndcReply(result, error, text).Verdict);

    [Fact]
    public void Gives_the_value_of_a_line()
    {
        RndcReply reply = new("0", "", "name: a.example\ntype: primary\nserial: 4294967295\nsigned serial: 7\n");

        Assert.Equal("4294967295", reply.Field("serial"));
        Assert.Null(reply.Field("seria"));
        Assert.Null(reply.Field("expires"));
    }

    [Fact]
    public void Explains_itself_in_one_bounded_line()
    {
        RndcReply reply = new("1", "failure", new string('x', 5000) + "\nmore");

        Assert.InRange(reply.Explanation.Length, 1, 410);
        Assert.DoesNotContain('\n', reply.Explanation);
        Assert.StartsWith("failure: x", reply.Explanation, StringComparison.Ordinal);
    }
}
