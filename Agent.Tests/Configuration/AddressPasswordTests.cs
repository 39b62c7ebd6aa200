using Agent.Host.Configuration;

namespace Agent.Tests.Configuration;

/// <summary>The password in an address is in no message.</summary>
public class AddressPasswordTests
{
    [Theory]
    [InlineData("backend-driver = powerdns-api, backends.powerdns-api { api-key = k, url = \"http://u:hush!@192.0.2.1:8081\" }")]
    [InlineData("backend-driver = powerdns-api, backends.powerdns-api { api-key = k, url = \"u:hush!@192.0.2.1:8081\" }")]
    [InlineData("cluster.etcd.endpoints = [\"http://u:hush!@[::1]:2379\"]")]
    [InlineData("cluster.etcd.endpoints = [\"u:pass@hush!/@192.0.2.1:2379\"]")]
    [InlineData("backend-driver = bind9, backends.bind9 { key-file = /k, statistics-url = \"ftp://u:ha hush!@192.0.2.1\" }")]
    [InlineData("backend-driver = bind9, backends.bind9 { key-file = /k, statistics-url = \"http://u:hush!@192.0.2.1:port\" }")]
    public void No_password_of_an_address_is_repeated(string text)
    {
        string problems = ConfigurationText.Problems($"agent {{ backend-driver = embedded\n {text} }}");
        Assert.Contains("u:(hidden)@", problems);
        Assert.DoesNotContain("hush!", problems);
    }

    [Fact]
    public void A_change_of_an_address_does_not_tell_its_password()
    {
        const string First = "agent.backends.bind9.statistics-url = \"http://u:hush!@127.0.0.1:8053\"";
        AgentConfiguration old = ConfigurationText.Load(ConfigurationText.Base + First);
        AgentConfiguration current = ConfigurationText.Load(ConfigurationText.Base + First.Replace("8053", "8054"));
        ChangedKey change = Assert.Single(ConfigurationChange.Compare(old, current).Keys);
        Assert.StartsWith(
            "agent.backends.bind9.statistics-url: http://u:(hidden)@127.0.0.1:8053 -> http://u:(hidden)@127.0.0.1:8054", change.ToString());
    }

    [Theory]
    [InlineData("http://127.0.0.1:8053/x")]
    [InlineData("https://[2001:db8::1]:8053")]
    [InlineData("in a cluster names of targets have no '@', which joins them with their node: a@b")]
    [InlineData("ns1@node")]
    [InlineData("expected '=', ':' or '@'")]
    public void What_holds_no_password_is_shown(string text) => Assert.Equal(text, AddressPassword.Hide(text));
}
