using Agent.Backends.Bind9;
using Agent.Backends.Shared;

namespace Agent.Tests.Backends.Bind9;

public sealed class ZoneStanzaTests
{
    private const string File = "/zones/a.example.zone";

    [Theory]
    [InlineData("", "{ type primary; file \"/zones/a.example.zone\"; check-names ignore; };")]
    [InlineData(
        " allow-transfer { any; } ",
        "{ type primary; file \"/zones/a.example.zone\"; check-names ignore; allow-transfer { any; }; };")]
    [InlineData("check-names fail;\nnotify no;", "{ type primary; file \"/zones/a.example.zone\"; check-names fail; notify no; };")]
    public void Carries_the_operators_statements(string options, string expected) =>
        Assert.Equal(expected, new ZoneStanza(options).Compose(File));

    [Theory]
    [InlineData("allow-transfer { any; ")]
    [InlineData("}; zone \"evil\" {")]
    [InlineData("notify \"no;")]
    [InlineData("notify no; // quietly")]
    [InlineData("notify no; # quietly")]
    [InlineData("type secondary;")]
    [InlineData("notify no; file \"/etc/passwd\";")]
    public void Refuses_what_is_no_list_of_statements(string options) => Assert.Equal(
        "zone-options", Assert.Throws<BackendOptionsException>(() => new ZoneStanza(options)).Setting);

    [Theory]
    [InlineData("zone \"a.example\" { file \"/zones/a.example.zone\"; allow-transfer  { \"any\"; }; type master; check-names ignore; };")]
    [InlineData("zone a.example in view { type primary;\n\tfile /zones/a.example.zone; check-names ignore; allow-transfer { any; };\n};")]
    public void Recognizes_itself_in_nameds_words(string shown) => Assert.Equal(
        ZoneStanza.Canonical(new ZoneStanza("allow-transfer { any; };").Compose(File), File), ZoneStanza.Canonical(shown, File));

    [Theory]
    [InlineData("zone \"a.example\" { type primary; file \"/elsewhere/a.example.zone\"; check-names ignore; allow-transfer { any; }; };")]
    [InlineData("zone \"a.example\" { type secondary; file \"/zones/a.example.zone\"; check-names ignore; allow-transfer { any; }; };")]
    [InlineData("zone \"a.example\" { type primary; file \"/zones/a.example.zone\"; check-names ignore; };")]
    [InlineData("no stanza at all")]
    public void Sees_differences(string shown) => Assert.NotEqual(
        ZoneStanza.Canonical(new ZoneStanza("allow-transfer { any; };").Compose(File), File), ZoneStanza.Canonical(shown, File));
}
