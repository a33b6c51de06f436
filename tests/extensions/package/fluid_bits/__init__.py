"""Another package's kind of teacher, consensus, student mode and hybrid mode: nothing of fluid is changed for them."""
