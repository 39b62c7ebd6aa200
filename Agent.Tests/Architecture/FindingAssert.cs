namespace Agent.Tests.Architecture;

internal static class FindingAssert
{
    /// <summary>Fails with every finding, one a line, as an editor can jump to it.</summary>
    public static void None(IEnumerable<Finding> findings)
    {
        string all = string.Join('\n', findings);
        Assert.True(all.Length == 0, all);
    }
}
