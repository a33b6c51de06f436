"""A distillation loss on plain tensors, inside an ordinary training loop."""

import torch

from fluid.distillation import soft_bce

torch.manual_seed(0)
features = torch.randn(200, 8)
soft_label = torch.sigmoid(features @ torch.randn(8, 1))  # what the teachers say, (M, T)
soft_label[::10] = torch.nan  # molecules without a label do not count
confidence = torch.rand(200, 1)  # surer labels count more

student = torch.nn.Linear(8, 1)
optimizer = torch.optim.Adam(student.parameters(), lr=0.05)
for step in range(101):
    loss = soft_bce(student(features), soft_label, confidence)
    optimizer.zero_grad()
    loss.backward()
    optimizer.step()
    if step % 50 == 0:
        print(f"step {step}: loss {loss.item():.3f}")
