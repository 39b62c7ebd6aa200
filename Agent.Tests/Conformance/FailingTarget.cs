using Agent.Bench.Peers;

namespace Agent.Tests.Conformance;

/// <summary>Zone files with a command that fails on one kind of change: a server that refuses.</summary>
internal static class FailingTarget
{
    /// <param name="master">Where zones come from.</param>
    /// <param name="folder">Where the files go.</param>
    /// <param name="change">The change that fails: <c>apply</c> or <c>remove</c>.</param>
    public static string Settings(ScriptedMaster master, TemporaryFolder folder, string change)
    {
        string zones = folder.CreateFolder("zones");
        string script = folder.Write("changed.sh", $"test \"$AGENT_CHANGE\" != {change}\n");
        return $$"""
            backend-driver = zone-files
            masters = ["{{master.EndPoint}}"]
            backends.zone-files { directory = "{{zones}}", command = ["/bin/sh", "{{script}}"] }
            """;
    }

    /// <summary>Nothing fails from now on.</summary>
    public static void Mend(TemporaryFolder folder) => folder.Write("changed.sh", "exit 0\n");
}
