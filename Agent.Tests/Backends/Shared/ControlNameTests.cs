using Agent.Backends.Shared;
using Agent.Dns.Wire;

namespace Agent.Tests.Backends.Shared;

public sealed class ControlNameTests
{
    [Theory]
    [InlineData("Example.COM.", "example.com")]
    [InlineData(".", ".")]
    [InlineData("-clean.", "\\045clean")]
    [InlineData("a-b.-c.", "a-b.-c")]
    [InlineData("a\\.b.", "a\\046b")]
    [InlineData("\\\"\\;\\ \\000\\010{}.", "\\034\\059\\032\\000\\010\\123\\125")]
    [InlineData("_x.\\255.", "_x.\\255")]
    public void Has_no_character_with_a_meaning(string zone, string expected)
    {
        DomainName name = DomainName.Parse(zone);

        Assert.Equal(expected, ControlName.WithoutFinalDot(name));
        Assert.Equal(name, DomainName.Parse(ControlName.Absolute(name)));
    }
}
