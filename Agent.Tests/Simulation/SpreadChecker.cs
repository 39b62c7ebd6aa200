namespace Agent.Tests.Simulation;

/// <summary>Checks that masters are asked in a spread: never more questions in any second than the pace of all who ask allows.</summary>
internal static class SpreadChecker
{
    public static void Check(IEnumerable<(TimeSpan At, string Master)> asked, int mostPerSecond)
    {
        foreach (IGrouping<string, TimeSpan> master in asked.GroupBy(a => a.Master, a => a.At))
        {
            var window = new Queue<TimeSpan>();
            foreach (TimeSpan at in master.Order())
            {
                window.Enqueue(at);
                while (at - window.Peek() >= TimeSpan.FromSeconds(1)) window.Dequeue();
                Assert.True(window.Count <= mostPerSecond, $"{master.Key} was asked {window.Count} times in the second before {at}");
            }
        }
    }
}
